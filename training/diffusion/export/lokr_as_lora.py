"""Writes a LoKr adapter as the LoRA adapter with the same product.

Diffusers loads LoRA in every pipeline, but LoKr in few. A Kronecker product of products is the
product of Kronecker products: kron(l r, a b) = kron(l, a) kron(r, b).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from training.diffusion.methods.adapters import LayerWeights


def lora_pair(weights: LayerWeights, shape: Sequence[int]) -> dict[str, Tensor]:
    """Peft's `lora_A.weight` and `lora_B.weight`, whose product is the change of the layer's weight.

    `shape` is that of the weight. The scale of the LoKr is in the product, so that alpha is the rank.
    """
    tensors = {kind: tensor.float() for kind, tensor in weights.tensors.items()}
    left, right = _factors(tensors["lokr_w1"])
    if "lokr_w2" in tensors:
        up, down = _factors(tensors["lokr_w2"].flatten(1))
    else:
        scale = weights.layer.alpha / weights.layer.rank
        up, down = tensors["lokr_w2_a"] * scale, tensors["lokr_w2_b"]
    outer, inner = torch.kron(left, up), torch.kron(right, down)
    if inner.shape[0] > min(outer.shape[0], inner.shape[1]):
        outer, inner = _factors(outer @ inner)
    kernel = shape[2:]
    return {
        "lora_A.weight": inner.reshape(len(inner), *shape[1:]),
        "lora_B.weight": outer.reshape(*outer.shape, *([1] * len(kernel))),
    }


def _factors(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Two matrices with the product `matrix`, which meet on its smaller side."""
    if matrix.shape[0] <= matrix.shape[1]:
        return torch.eye(matrix.shape[0], device=matrix.device), matrix
    return matrix, torch.eye(matrix.shape[1], device=matrix.device)
