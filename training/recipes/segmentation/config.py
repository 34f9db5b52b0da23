"""Settings of the segmentation recipe."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from training.config import PATH, EvaluateConfig, LoopConfig
from training.recipes.images.config import (
    BatchSize,
    ChannelsLast,
    LoaderWorkers,
    MinLearningRate,
    PatientPattern,
    SkipBadImages,
    SmallestCrop,
    VerticalFlip,
    WarmupEpochs,
    WeightDecay,
)


class Preset(StrEnum):
    """A named set of defaults; settings that are given override them."""

    AUTO = "auto"
    SMALL = "small"
    STANDARD = "standard"


class SegmentationConfig(LoopConfig):
    """All settings of the segmentation recipe."""

    data: str = Field(
        "",
        description="folder with train|val/<class>/ and masks/; none: the synthetic demonstration set",
        json_schema_extra=PATH,
    )
    preset: Preset = Field(Preset.AUTO, description="defaults for everything below")
    skip_bad_images: SkipBadImages = False
    skip_missing_masks: bool = Field(
        False, description="leave images without a mask out and count them"
    )

    encoder: str = Field("convnext_tiny", description="any timm architecture")
    weights: str = Field(
        "",
        description="file of pre-trained weights of the encoder; none: random weights",
        json_schema_extra=PATH,
    )
    decoder_width: int = Field(
        256, ge=16, le=2048, description="channels of the deepest level of the U-Net's decoder"
    )
    image_size: int = Field(
        512, ge=32, le=4096, multiple_of=32, description="pixels per side, a multiple of 32"
    )

    batch_size: BatchSize = 8
    epochs: int = Field(60, ge=1, le=1_000_000, description="passes over the training split")
    clip_norm: float = Field(
        1.0, ge=0, le=1e9, description="largest gradient norm; 0 does not clip"
    )
    learning_rate: float = Field(5e-4, gt=0, lt=10, description="peak learning rate")
    min_learning_rate: MinLearningRate = 1e-6
    warmup_epochs: WarmupEpochs = 2
    weight_decay: WeightDecay = 0.01
    dice_weight: float = Field(
        0.5, ge=0, le=1, description="share of the Dice loss; the rest is cross entropy"
    )

    smallest_crop: SmallestCrop = 0.5
    vertical_flip: VerticalFlip = False
    colour_jitter: float = Field(
        0.2, ge=0, lt=1, description="largest change of brightness, contrast and saturation"
    )

    loader_workers: LoaderWorkers = 8
    cache_images: bool = Field(False, description="keep decoded images and masks in memory")
    channels_last: ChannelsLast = False


class SegmentationEvaluateConfig(EvaluateConfig):
    """How a segmentation model is scored."""

    patient_pattern: PatientPattern = ""
    skip_bad_images: SkipBadImages = False
    skip_missing_masks: bool = Field(
        False, description="leave images without a mask out and count them"
    )


PRESETS: dict[Preset, dict[str, Any]] = {
    Preset.STANDARD: {},
    Preset.SMALL: {
        "encoder": "resnet10t",
        "decoder_width": 128,
        "image_size": 128,
        "epochs": 8,
        "batch_size": 8,
        "learning_rate": 2e-3,
        "warmup_epochs": 0.25,
        "smallest_crop": 0.8,
        "loader_workers": 0,
        "cache_images": True,
        "channels_last": True,
    },
}


def segmentation_config(given: dict[str, Any], *, has_gpu: bool) -> SegmentationConfig:
    """The complete configuration: `given` over its preset. Raises ConfigError that names wrong settings."""
    preset = SegmentationConfig.parse(given).preset
    if preset is Preset.AUTO:
        preset = Preset.STANDARD if has_gpu else Preset.SMALL
    return SegmentationConfig.parse({**PRESETS[preset], **given, "preset": preset})
