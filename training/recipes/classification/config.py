"""Settings of a classifier of images; the defaults are those of RETFound's official fine-tuning."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import Field

from training.config import PATH, EvaluateConfig, LoopConfig
from training.data.framing import Framing
from training.errors import ConfigError
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
    RETFOUND_MAE = "retfound-mae"
    RETFOUND_DINOV2 = "retfound-dinov2"


class Tuning(StrEnum):
    """Which weights are trained."""

    FULL = "full"
    LINEAR_PROBE = "linear-probe"


class ClassImbalance(StrEnum):
    """How rare classes are compensated."""

    NONE = "none"
    WEIGHTED_LOSS = "weighted-loss"
    BALANCED_SAMPLING = "balanced-sampling"


class SharedImages(StrEnum):
    """What happens to images of the training split that are also in another one."""

    LEAVE_OUT = "leave-out"
    """The model is not trained on them, so that no score is better than it should be."""
    KEEP = "keep"
    REFUSE = "refuse"


RANDOM_WEIGHTS = "random"


class ClassifierConfig(LoopConfig):
    """The settings of every recipe that trains a classifier of images."""

    data: str = Field(
        "",
        description="folder with train|val|test/<class>/; none: the synthetic demonstration set",
        json_schema_extra=PATH,
    )
    preset: Preset = Field(Preset.AUTO, description="defaults for everything below")
    skip_bad_images: SkipBadImages = False
    shared_images: SharedImages = Field(
        SharedImages.LEAVE_OUT,
        description="what happens to images of train that are also in val or test",
    )

    backbone: str = Field("vit_large_patch16_224", description="any timm architecture")
    global_pool: str = Field(
        "avg",
        description="how tokens are pooled; empty: the backbone's own",
        examples=["avg", "token", ""],
    )
    norm_layer: str = Field("", description="normalisation layer; empty: the backbone's own")
    weights: str = Field(
        "", description="file of pre-trained weights, or 'random'", json_schema_extra=PATH
    )
    tuning: Tuning = Field(Tuning.FULL, description="train all weights, or the classifier only")
    image_size: int = Field(224, ge=16, le=2048, description="pixels per side")
    framing: Framing = Field(Framing.CROP, description="how images become square")

    batch_size: BatchSize = 32
    learning_rate: float = Field(
        0.0, ge=0, lt=10, description="peak; 0 derives it from base_learning_rate"
    )
    base_learning_rate: float = Field(
        5e-3, gt=0, lt=10, description="peak learning rate per 256 images of a step"
    )
    min_learning_rate: MinLearningRate = 1e-6
    warmup_epochs: WarmupEpochs = 10
    weight_decay: WeightDecay = 0.05
    layer_decay: float = Field(
        0.65, gt=0, le=1, description="learning rate factor from each layer to the one below"
    )
    drop_path: float = Field(0.2, ge=0, lt=1, description="stochastic depth")

    label_smoothing: float = Field(0.1, ge=0, lt=1, description="share spread over all classes")
    mixup: float = Field(0.0, ge=0, le=100, description="alpha of mixup; 0 is off")
    cutmix: float = Field(0.0, ge=0, le=100, description="alpha of CutMix; 0 is off")
    smallest_crop: SmallestCrop = 0.08
    vertical_flip: VerticalFlip = False
    rand_augment_ops: int = Field(2, ge=0, le=4, description="RandAugment operations; 0 is off")
    rand_augment_magnitude: float = Field(9, ge=0, le=10, description="RandAugment's strength")
    random_erasing: float = Field(0.25, ge=0, le=1, description="share of images partly erased")
    class_imbalance: ClassImbalance = Field(
        ClassImbalance.NONE, description="how rare classes are compensated"
    )

    loader_workers: LoaderWorkers = 8
    cache_images: bool = Field(False, description="keep decoded images in memory")
    channels_last: ChannelsLast = False


Config = TypeVar("Config", bound=ClassifierConfig)


class ClassifierEvaluateConfig(EvaluateConfig):
    """How a classifier of images is scored."""

    modality: str = Field("all", description="fundus, oct or all")
    tta: bool = Field(False, description="test-time augmentation: average over the mirror image")
    patient_pattern: PatientPattern = ""
    skip_bad_images: SkipBadImages = False


PRESETS: dict[Preset, dict[str, Any]] = {
    Preset.RETFOUND_MAE: {"backbone": "vit_large_patch16_224", "global_pool": "avg"},
    Preset.RETFOUND_DINOV2: {"backbone": "vit_large_patch14_dinov2", "global_pool": "token"},
    Preset.SMALL: {
        "backbone": "resnet18",
        "global_pool": "avg",
        "image_size": 112,
        "framing": Framing.STRETCH,
        "epochs": 8,
        "batch_size": 8,
        "base_learning_rate": 1.2e-2,
        "warmup_epochs": 0.5,
        "layer_decay": 1.0,
        "drop_path": 0.0,
        "label_smoothing": 0.0,
        "smallest_crop": 1.0,
        "rand_augment_ops": 0,
        "random_erasing": 0.0,
        "ema_decay": 0.0,
        "loader_workers": 0,
        "cache_images": True,
        "channels_last": True,
    },
}


def complete_config(
    config_class: type[Config],
    given: dict[str, Any],
    *,
    has_gpu: bool,
    defaults: Mapping[str, Any] | None = None,
) -> Config:
    """The complete configuration: `given`, over `defaults`, over its preset, over the official defaults.

    Raises ConfigError that names every wrong setting.
    """
    requested = config_class.parse(given).preset
    preset = requested
    if preset is Preset.AUTO:
        preset = Preset.RETFOUND_MAE if has_gpu else Preset.SMALL
    config = config_class.parse({**PRESETS[preset], **(defaults or {}), **given, "preset": preset})
    if requested not in (Preset.AUTO, Preset.SMALL) and not config.weights:
        raise ConfigError(
            f"weights: the preset {preset} needs RETFound's checkpoint file: give its path, "
            f"or '{RANDOM_WEIGHTS}' to train from scratch."
        )
    return config
