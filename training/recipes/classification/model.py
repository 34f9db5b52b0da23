"""Builds the network of a classifier from its configuration."""

import logging
from pathlib import Path

import torch
from torch import nn

from training.file_digest import file_sha256
from training.models.backbone import BackboneConfig, build_classifier, freeze_backbone
from training.models.forward_check import require_forward
from training.models.weights import load_backbone_weights, read_backbone_weights
from training.recipes.classification.config import RANDOM_WEIGHTS, ClassifierConfig, Preset, Tuning

logger = logging.getLogger(__name__)


def backbone_config(config: ClassifierConfig, num_classes: int) -> BackboneConfig:
    """The architecture of `config`, with `num_classes` outputs."""
    return BackboneConfig(
        name=config.backbone,
        num_classes=num_classes,
        image_size=config.image_size,
        drop_path=config.drop_path,
        global_pool=config.global_pool,
        norm_layer=config.norm_layer,
    )


def check_model(config: ClassifierConfig, num_classes: int) -> None:
    """Raise TrainingError if the model or its weights do not exist or do not fit, without building it."""
    check_network(config, num_classes, world_size=None)
    if has_weights_file(config):
        with torch.device("meta"):
            model = build_classifier(backbone_config(config, num_classes))
        read_backbone_weights(model, Path(config.weights).expanduser())


def check_network(config: ClassifierConfig, num_classes: int, *, world_size: int | None) -> None:
    """Raise ConfigError if the network cannot be built, or does not map images to classes.

    Batch normalisation needs two samples at some sizes, and spans the ranks. Where their number is
    not known yet, two are assumed.
    """
    backbone = backbone_config(config, num_classes)
    require_forward(
        lambda: build_classifier(backbone),
        name=backbone.name,
        image_size=backbone.image_size,
        num_classes=num_classes,
        num_samples=2 if world_size is None else config.batch_size * world_size,
    )


def has_weights_file(config: ClassifierConfig) -> bool:
    return config.weights not in ("", RANDOM_WEIGHTS)


def weights_digest(config: ClassifierConfig) -> str:
    """SHA-256 of the file of pre-trained weights; empty without one."""
    if not has_weights_file(config):
        return ""
    return file_sha256(Path(config.weights).expanduser())


def build_model(
    backbone: BackboneConfig, config: ClassifierConfig, *, has_checkpoint: bool = False
) -> nn.Module:
    """The seeded network with its pre-trained weights, unless a checkpoint will replace them.

    Raises WeightsError if they do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = build_classifier(backbone)
    if has_checkpoint:
        logger.info("The weights of the backbone %s come from the checkpoint.", backbone.name)
    elif not has_weights_file(config):
        logger.log(
            logging.INFO if config.preset is Preset.SMALL else logging.WARNING,
            "No weights file is given: the backbone %s starts from random weights.",
            backbone.name,
        )
    else:
        load_backbone_weights(model, Path(config.weights).expanduser())
    if config.tuning is Tuning.LINEAR_PROBE:
        freeze_backbone(model)
    if config.channels_last:
        model = model.to(memory_format=torch.channels_last)
    return model
