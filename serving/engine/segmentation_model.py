"""A registered segmentation model in memory: loads it, warms it, and segments an image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import timm
import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from serving.engine.model_file import (
    HOW_TO_REGISTER,
    ModelRefusedError,
    first_line,
    parse_settings,
    read_function,
    require_weights,
)
from serving.engine.preparation import Preparation
from serving.engine.protocol import Array
from training.data.augmentation import normalise
from training.data.framing import Framing
from training.recipes.segmentation.network import NetworkConfig, SegmentationNetwork

EXPECTED = (
    "a segmentation model with the settings encoder, options, decoder_width, mask_classes and "
    "image_size"
)


class EncoderOptions(BaseModel):
    """The arguments of `timm.create_model` that a registered encoder may set; no other is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    img_size: int | None = Field(None, ge=8, le=8192)
    out_indices: tuple[int, ...] | None = Field(None, max_length=16)


class SegmenterSettings(BaseModel):
    """The `model_config` that training/recipes/segmentation/package.py registers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    encoder: str = Field(max_length=200)
    options: EncoderOptions
    decoder_width: int = Field(ge=1, le=8192)
    mask_classes: tuple[str, ...] = Field(min_length=2, max_length=256)
    image_size: int = Field(ge=8, le=8192)


@dataclass(frozen=True, kw_only=True)
class SegmenterFiles:
    """A registered segmentation model on disk."""

    settings: SegmenterSettings
    weights: Path


def read_segmenter(folder: Path) -> SegmenterFiles:
    """The segmentation model in a folder of MLflow's. Raises ModelRefusedError."""
    function = read_function(folder)
    settings = parse_settings(SegmenterSettings, function.config, EXPECTED)
    if not timm.is_model(settings.encoder):
        raise ModelRefusedError(
            f"timm {timm.__version__} has no encoder {settings.encoder[:80]!r}: {HOW_TO_REGISTER}"
        )
    return SegmenterFiles(settings=settings, weights=require_weights(folder, function))


class SegmentationModel:
    """The network of a registered version on one device. Its methods must not run at the same time."""

    def __init__(self, files: SegmenterFiles, *, device: str) -> None:
        """Build the network and load its weights. Raises ModelRefusedError if they do not fit."""
        size = files.settings.image_size
        self.preparation = Preparation(image_size=size, decode_size=size, framing=Framing.STRETCH)
        self.classes = files.settings.mask_classes
        self._device = torch.device(device)
        self._network = _network(files).eval().to(self._device)

    def warm(self) -> None:
        """Segment an image, so that no request waits for that. Raises ModelRefusedError."""
        side = self.preparation.image_size
        ramp = np.linspace(0, 255, side).astype(np.uint8)
        try:
            logits = self.segment(np.broadcast_to(ramp, (3, side, side)))
        except (RuntimeError, TypeError, ValueError, AssertionError) as error:
            raise ModelRefusedError(
                f"the network fails on an image ({type(error).__name__}: {first_line(error)})"
            ) from error
        expected = (len(self.classes), side, side)
        if logits.shape != expected or not np.isfinite(logits).all():
            raise ModelRefusedError(
                f"expected finite logits {list(expected)} for an image, but the network returns "
                f"{list(logits.shape)} or values that are not finite numbers"
            )

    def segment(self, image: Array) -> Array:
        """Logits, float32 [classes, S, S], of a prepared image, uint8 [3, S, S]."""
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(image[None])).to(self._device)
            with torch.autocast(
                self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"
            ):
                logits: Tensor = self._network(normalise(pixels.float() / 255))
            found: Array = logits[0].float().cpu().numpy()
            return found

    def close(self) -> None:
        """Give the memory of the network back. The model cannot be used afterwards."""
        del self._network
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def _network(files: SegmenterFiles) -> SegmentationNetwork:
    settings = files.settings
    config = NetworkConfig(
        encoder=settings.encoder,
        options=settings.options.model_dump(exclude_none=True),
        decoder_width=settings.decoder_width,
        num_classes=len(settings.mask_classes),
    )
    try:
        network = SegmentationNetwork(config)
        network.load_state_dict(load_file(files.weights))
    except (SafetensorError, OSError) as error:
        raise ModelRefusedError(
            f"its weights are no readable safetensors ({type(error).__name__})"
        ) from error
    except Exception as error:
        raise ModelRefusedError(
            f"the network cannot be built with its settings and weights ({first_line(error)}): "
            "install the versions in the model's requirements"
        ) from error
    return network
