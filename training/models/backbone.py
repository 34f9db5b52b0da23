"""Builds an image classifier on any backbone of timm."""

from dataclasses import dataclass
from typing import Any

import timm
from torch import nn

from training.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class BackboneConfig:
    """The timm architecture of a classifier and its settings; stored with a registered model."""

    name: str
    num_classes: int
    image_size: int
    drop_path: float
    global_pool: str
    """Empty for the architecture's default."""
    norm_layer: str
    """Empty for the architecture's default."""


def build_classifier(config: BackboneConfig) -> nn.Module:
    """Build the network [B, 3, S, S] -> logits [B, num_classes], with random weights.

    Raises ConfigError if timm has no such backbone, or if the backbone does not accept the settings.
    """
    require_model(config.name, option="backbone")
    options = timm_options(config)
    try:
        return timm.create_model(config.name, pretrained=False, **options)
    except (TypeError, ValueError, AssertionError, RuntimeError) as error:
        raise ConfigError(
            f"backbone: timm's {config.name} cannot be built for {config.image_size} px "
            f"with {options}: {error}"
        ) from error


def require_model(name: str, *, option: str) -> None:
    """Raise ConfigError, which begins with the name of the `option`, if timm has no model `name`."""
    if not timm.is_model(name):
        similar = timm.list_models(f"*{name.split('_', maxsplit=1)[0]}*")[:5]
        raise ConfigError(
            f"{option}: timm has no model {name!r}"
            + (f"; did you mean one of {', '.join(similar)}?" if similar else ".")
        )


def timm_options(config: BackboneConfig) -> dict[str, Any]:
    """The keyword arguments for `timm.create_model`."""
    options: dict[str, Any] = {"num_classes": config.num_classes}
    if has_fixed_image_size(config.name):
        options["img_size"] = config.image_size
    if config.drop_path > 0:
        options["drop_path_rate"] = config.drop_path
    if config.global_pool:
        options["global_pool"] = config.global_pool
    if config.norm_layer:
        options["norm_layer"] = config.norm_layer
    return options


def has_fixed_image_size(name: str) -> bool:
    """Whether the network is built for one image size, as transformers are."""
    config = timm.get_pretrained_cfg(name)
    return config is not None and config.fixed_input_size


def classifier_parameters(model: nn.Module) -> list[nn.Parameter]:
    """The parameters of the last layer, or of several: distilled networks have two of them."""
    classifier = model.get_classifier()  # type: ignore[operator]
    heads = classifier if isinstance(classifier, tuple | list) else (classifier,)
    return [parameter for head in heads for parameter in head.parameters()]


def freeze_backbone(model: nn.Module) -> None:
    """Make only the classifier trainable, for linear probing."""
    trainable = {id(parameter) for parameter in classifier_parameters(model)}
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in trainable)
