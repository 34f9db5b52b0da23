"""Loads pre-trained weights from a file into the encoder of a segmentation network."""

import logging
from pathlib import Path

import timm
import torch
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from training.errors import WeightsError
from training.models.weights import read_backbone_weights
from training.recipes.segmentation.network import NetworkConfig

logger = logging.getLogger(__name__)

_NUM_NAMED = 3
_COUNTER = "num_batches_tracked"


def read_encoder_weights(config: NetworkConfig, path: Path) -> dict[str, Tensor]:
    """The tensors in `path` by their names in the classifier of the same architecture.

    Raises WeightsError as `read_backbone_weights` does.
    """
    options = {name: value for name, value in config.options.items() if name != "out_indices"}
    with torch.device("meta"):
        model = timm.create_model(config.encoder, pretrained=False, **options)
        if isinstance(model, VisionTransformer):
            # The normalisation after the last block differs between programs, and no map needs it.
            model = timm.create_model(
                config.encoder, pretrained=False, global_pool="avg", **options
            )
    return read_backbone_weights(model, path)


def load_encoder_weights(encoder: nn.Module, config: NetworkConfig, path: Path) -> None:
    """Load the file into the encoder. Raises WeightsError if a tensor is missing or does not fit."""
    found = {_flat(name): value for name, value in read_encoder_weights(config, path).items()}
    expected = {
        name: _flat(name.removeprefix("model."))
        for name in encoder.state_dict()
        if not name.endswith(_COUNTER)
    }
    if missing := [name for name, flat in expected.items() if flat not in found]:
        raise WeightsError(
            f"The weights file {path} lacks {len(missing)} tensors of the encoder "
            f"{config.encoder}, such as {', '.join(missing[:_NUM_NAMED])}. Give the weights of the "
            "same architecture."
        )
    weights = {name: found[flat] for name, flat in expected.items()}
    encoder.load_state_dict(weights, strict=False)
    logger.info("Loaded %d tensors of the encoder from %s.", len(weights), path.name)


def _flat(name: str) -> str:
    """Timm's encoders join the first parts of a name by an underscore, as in `stages_0.blocks`."""
    return name.replace(".", "_")
