"""The whole change that a DoRA adapter makes to a layer's weight."""

import torch
from torch import Tensor

from training.diffusion.methods.adapters import MAGNITUDE, LayerWeights


@torch.no_grad()
def dora_difference(weights: LayerWeights, base: Tensor) -> Tensor:
    """What is added to the weight `base` of the layer, in its shape and float32."""
    tensors = {kind: tensor.float() for kind, tensor in weights.tensors.items()}
    base = base.float()
    scale = weights.layer.alpha / weights.layer.rank
    product = tensors["lora_B.weight"].flatten(1) @ tensors["lora_A.weight"].flatten(1)
    merged = base + scale * product.reshape(base.shape)
    lengths = tensors[MAGNITUDE].reshape(-1) / merged.flatten(1).norm(dim=1)
    changed: Tensor = merged * lengths.reshape(-1, *([1] * (base.dim() - 1)))
    return changed - base
