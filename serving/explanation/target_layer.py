"""Finds the layer of a network that a Grad-CAM map is computed at, and arranges its values as a map."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

UNSTATED_PREFIXES = (0, 1, 2)
"""Numbers of tokens before the patches of networks that do not say: none, class, distillation."""
MIN_SIDE = 2
"""With one position, a map could not point at a part of the image."""
FIRST_NORMS = ("norm1", "in_norm", "norm_out")
"""Names that timm gives the normalisation before the attention between patches."""
CLASS_ONLY = "token"
"""Name that timm gives the pooling which takes the class token."""


class NoMapError(Exception):
    """The network has no map; the message says why."""


@dataclass(frozen=True, kw_only=True)
class TargetLayer:
    """A layer of the network, and the network or its last part, which is run to reach it."""

    name: str
    module: nn.Module
    network: nn.Module
    network_input: Tensor
    num_prefix_tokens: int | None
    """Class and register tokens before those of the patches; None if the network does not say."""

    def to_feature_map(self, values: Tensor) -> Tensor:
        """Activations or gradients of the layer as float32 [B, C, h, w].

        Raises NoMapError if they have no positions in the image.
        """
        return to_feature_map(values, self.num_prefix_tokens)


class NetworkHead(nn.Module):
    """The last part of a timm network: its feature map [B, ...] -> logits [B, classes]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.feature_map = nn.Identity()
        self.network = network

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.network.forward_head(self.feature_map(features))  # type: ignore[operator]
        return logits


def target_layer(network: nn.Module, images: Tensor) -> TargetLayer:
    """The layer to explain, for `images` [1, 3, S, S] as the network takes them.

    Transformers whose last block begins with a normalisation of tokens are read there, since a class
    token takes what it needs from the patches in the attention after it (as the authors of grad-cam
    advise: blocks[-1].norm1). Other networks are read at the output of `forward_features`: for a CNN
    that is the last convolutional feature map. Where only a class token leaves it, the last such
    normalisation anywhere in the network is read.

    Raises NoMapError if the network offers none of them.
    """
    named_norm = _norm_of_last_block(network)
    if named_norm is not None:
        return _norm_layer(network, images, *named_norm)
    if not all(hasattr(network, name) for name in ("forward_features", "forward_head")):
        raise NoMapError("no map: the network does not offer its features before the pooling")
    if getattr(network, "global_pool", None) == CLASS_ONLY:
        named_norm = _last_norm(network)
        if named_norm is not None:
            return _norm_layer(network, images, *named_norm)
    return _feature_layer(network, images)


def to_feature_map(values: Tensor, num_prefix_tokens: int | None) -> Tensor:
    """Arrange [B, C, h, w], [B, h, w, C] or [B, prefix + h * w, C] as float32 [B, C, h, w].

    Inputs of the networks are square, so h equals w, which tells the layouts apart. Raises
    NoMapError for any other shape.
    """
    values = values.float()
    shape = tuple(values.shape)
    if len(shape) == 4 and shape[2] == shape[3]:
        arranged = values
    elif len(shape) == 4 and shape[1] == shape[2]:
        arranged = values.permute(0, 3, 1, 2)
    elif len(shape) == 3:
        side, prefix = _grid(shape[1], num_prefix_tokens)
        arranged = values[:, prefix:].unflatten(1, (side, side)).permute(0, 3, 1, 2)
    else:
        raise NoMapError(f"no map: the features {list(shape)} have no places in the image")
    if arranged.shape[2] < MIN_SIDE:
        raise NoMapError("no map: the features of the network have a single place")
    return arranged


def _grid(num_tokens: int, num_prefix_tokens: int | None) -> tuple[int, int]:
    """The side of the square of patch tokens, and the number of tokens before it."""
    stated = [] if num_prefix_tokens is None else [num_prefix_tokens]
    for prefix in [*stated, *UNSTATED_PREFIXES]:
        side = math.isqrt(max(0, num_tokens - prefix))
        if side > 0 and side * side == num_tokens - prefix:
            return side, prefix
    raise NoMapError(f"no map: {num_tokens} tokens are no square of patches")


def _norm_of_last_block(network: nn.Module) -> tuple[str, nn.Module] | None:
    blocks = getattr(network, "blocks", None)
    if not isinstance(blocks, nn.Sequential | nn.ModuleList) or len(blocks) == 0:
        return None
    last = len(blocks) - 1
    for name in FIRST_NORMS:
        norm = getattr(blocks[last], name, None)
        if isinstance(norm, nn.Module):
            return f"blocks.{last}.{name}", norm
    return None


def _last_norm(network: nn.Module) -> tuple[str, nn.Module] | None:
    norms = [
        (name, module)
        for name, module in network.named_modules()
        if name.rpartition(".")[2] in FIRST_NORMS
    ]
    return norms[-1] if norms else None


def _norm_layer(network: nn.Module, images: Tensor, name: str, norm: nn.Module) -> TargetLayer:
    return TargetLayer(
        name=name,
        module=norm,
        network=network,
        network_input=images,
        num_prefix_tokens=getattr(network, "num_prefix_tokens", None),
    )


def _feature_layer(network: nn.Module, images: Tensor) -> TargetLayer:
    with torch.no_grad():
        features = network.forward_features(images)  # type: ignore[operator]
    if not isinstance(features, Tensor):
        raise NoMapError(
            f"no map: the network returns its features as {type(features).__name__}, not as one map"
        )
    num_prefix_tokens = getattr(network, "num_prefix_tokens", None)
    to_feature_map(features, num_prefix_tokens)  # raises NoMapError
    head = NetworkHead(network)
    return TargetLayer(
        name="forward_features",
        module=head.feature_map,
        network=head,
        network_input=features,
        num_prefix_tokens=num_prefix_tokens,
    )
