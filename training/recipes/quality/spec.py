"""The quality recipe in the registry: how it is configured, checked, built on a rank and evaluated.

It trains the same network as the retinal recipe, on degraded copies of the images of any folder.
Slow imports happen where they are used.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from training.config import EvaluateConfig, FrozenConfig, LoopConfig, Split
from training.process import Process
from training.recipe import EvaluationReport, RecordedRecipe, TrainedModel
from training.recipes.classification.config import ClassifierEvaluateConfig
from training.recipes.quality.classes import CLASSES
from training.recipes.quality.config import QualityConfig, quality_config

QUALITY = "quality"
"""Name of the recipe among the settings of a registered model, by which serving knows it."""
TRAINING_SPLITS = (Split.TRAIN, Split.VAL)


class QualitySpec:
    """Implements `training.recipe.LoopSpec`."""

    @property
    def config_class(self) -> type[LoopConfig]:
        return QualityConfig

    @property
    def evaluate_class(self) -> type[EvaluateConfig]:
        return ClassifierEvaluateConfig

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> QualityConfig:
        return quality_config(dict(given), has_gpu=has_gpu)

    def check(self, config: FrozenConfig, data_dir: Path) -> None:
        from training.recipes.classification.model import check_model  # noqa: PLC0415
        from training.recipes.images.data import data_root  # noqa: PLC0415
        from training.recipes.quality.data import find_images  # noqa: PLC0415

        quality = cast(QualityConfig, config)
        find_images(data_root(quality.data, data_dir), TRAINING_SPLITS)
        check_model(quality, num_classes=len(CLASSES))

    def evaluate(
        self, trained: TrainedModel, options: EvaluateConfig, data_dir: Path, process: Process
    ) -> EvaluationReport:
        from training.recipes.classification.evaluation import (  # noqa: PLC0415
            ScoredImages,
            evaluate_classifier,
        )
        from training.recipes.quality.data import (  # noqa: PLC0415
            open_degraded_split,
            read_degraded_split,
        )

        images = ScoredImages(
            config_class=QualityConfig, read=read_degraded_split, open_split=open_degraded_split
        )
        scoring = cast(ClassifierEvaluateConfig, options)
        return evaluate_classifier(trained, scoring, data_dir, process, images)

    def build(
        self, config: LoopConfig, data_dir: Path, process: Process, *, has_checkpoint: bool = False
    ) -> RecordedRecipe:
        from training.data.scan_report import show_scan  # noqa: PLC0415
        from training.recipes.classification.data import data_report, verify_data  # noqa: PLC0415
        from training.recipes.classification.model import check_network  # noqa: PLC0415
        from training.recipes.classification.recipe import ClassifierRecipe  # noqa: PLC0415
        from training.recipes.images.data import data_root_on_rank  # noqa: PLC0415
        from training.recipes.quality.data import (  # noqa: PLC0415
            find_images,
            open_degraded_split,
            with_degraded_copies,
        )

        quality = cast(QualityConfig, config)
        root = data_root_on_rank(quality.data, data_dir, process)
        found = find_images(root, TRAINING_SPLITS)
        # Decoding every image can take long, so what is quickly found comes first.
        check_network(quality, len(CLASSES), world_size=process.world_size)
        verified = verify_data(found, quality, process)
        if process.is_main:
            show_scan(data_report(verified))
        return ClassifierRecipe(
            quality,
            with_degraded_copies(verified, quality),
            process,
            has_checkpoint=has_checkpoint,
            name=QUALITY,
            open_split=open_degraded_split,
        )
