"""The features of a classifier: the input of its last layer, as timm's networks give it."""

import inspect
from typing import Any, cast

from torch import Tensor, nn


def has_features(model: nn.Module) -> bool:
    """Whether the network computes the input of its last layer separately, as timm's do."""
    head = getattr(model, "forward_head", None)
    return (
        callable(getattr(model, "forward_features", None))
        and callable(head)
        and "pre_logits" in inspect.signature(head).parameters
    )


def logits_and_features(model: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """Logits [B, C] and features [B, D] of normalised images [B, 3, S, S]; needs `has_features`."""
    timm_model = cast(Any, model)
    maps = timm_model.forward_features(images)
    features: Tensor = timm_model.forward_head(maps, pre_logits=True)
    logits: Tensor = timm_model.forward_head(maps)
    return logits, features.flatten(1)
