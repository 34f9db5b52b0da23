"""Settings of the command `tstr`: train on synthetic images, test on real ones."""

from typing import Any

from pydantic import Field

from tracking_plugin.data_roots import DataRoots
from training.config import PATH, FrozenConfig
from training.errors import ConfigError
from training.recipes.classification.config import Preset
from training.recipes.images.config import BatchSize, PatientPattern, SkipBadImages
from training.recipes.retinal.config import RetinalConfig, retinal_config

EXPERIMENT = "train-on-synthetic"


class TstrConfig(FrozenConfig):
    """Two classifiers with the same settings, of which one sees synthetic images only."""

    synthetic: str = Field(
        "", description="folder with train/<class>/ of generated images", json_schema_extra=PATH
    )
    real: str = Field(
        "",
        description="folder with train/<class>/ and test/<class>/ of real images",
        json_schema_extra=PATH,
    )
    epochs: int = Field(
        8,
        ge=1,
        le=10_000,
        description="passes over the real images; the other classifier has as many steps",
    )
    backbone: str = Field("resnet18", description="any timm architecture, with random weights")
    image_size: int = Field(112, ge=16, le=2048, description="pixels per side")
    batch_size: BatchSize = 8
    seed: int = Field(0, ge=0, lt=2**32, description="seed of weights, order and bootstrap")
    num_resamples: int = Field(1000, ge=100, le=100_000, description="bootstrap resamples")
    patient_pattern: PatientPattern = ""
    skip_bad_images: SkipBadImages = False
    gpus: bool | None = Field(None, description="compute on a GPU; by default where there is one")
    experiment_name: str = Field(EXPERIMENT, min_length=1, description="MLflow experiment")
    run_name: str = Field("", description="name of the MLflow run")
    run_id: str = Field("", description="MLflow run to report on instead of a new one")

    def require_complete(self, roots: DataRoots) -> None:
        """Raise ConfigError unless both folders are named, and allowed."""
        for name in ("synthetic", "real"):
            if not getattr(self, name):
                raise ConfigError(f"{name}: name the folder of the {name} images with --{name}.")
        self.require_paths_in(roots)

    def classifier(self) -> RetinalConfig:
        """The settings of both classifiers: the small preset of the recipe `retinal`."""
        given: dict[str, Any] = {
            "preset": Preset.SMALL,
            "data": self.real,
            "epochs": self.epochs,
            "backbone": self.backbone,
            "image_size": self.image_size,
            "batch_size": self.batch_size,
            "seed": self.seed,
            "skip_bad_images": self.skip_bad_images,
        }
        return retinal_config(given, has_gpu=False)
