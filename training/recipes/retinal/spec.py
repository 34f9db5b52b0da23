"""The retinal recipe in the registry: how it is configured, checked, built on a rank and evaluated.

Slow imports happen where they are used: the driver of a cluster's job only configures, and a
training renders no report.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from training.config import EvaluateConfig, FrozenConfig, LoopConfig, Split
from training.data.scan_report import show_scan
from training.process import Process
from training.recipe import EvaluationReport, RecordedRecipe, TrainedModel
from training.recipes.classification.config import ClassifierEvaluateConfig
from training.recipes.classification.data import data_report, verify_data
from training.recipes.images.data import data_root, data_root_on_rank
from training.recipes.retinal.config import RetinalConfig, retinal_config
from training.recipes.retinal.data import find_data

RETINAL = "retinal"
"""Name of the recipe among the settings of a registered model."""
TRAINING_SPLITS = (Split.TRAIN, Split.VAL)


class RetinalSpec:
    """Implements `training.recipe.LoopSpec`."""

    @property
    def config_class(self) -> type[LoopConfig]:
        return RetinalConfig

    @property
    def evaluate_class(self) -> type[EvaluateConfig]:
        return ClassifierEvaluateConfig

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> RetinalConfig:
        return retinal_config(dict(given), has_gpu=has_gpu)

    def check(self, config: FrozenConfig, data_dir: Path) -> None:
        from training.recipes.classification.model import check_model  # noqa: PLC0415

        retinal = cast(RetinalConfig, config)
        data = find_data(retinal, data_root(retinal.data, data_dir), TRAINING_SPLITS)
        check_model(retinal, num_classes=len(data.taxonomy.classes))

    def evaluate(
        self, trained: TrainedModel, options: EvaluateConfig, data_dir: Path, process: Process
    ) -> EvaluationReport:
        from training.recipes.classification.evaluation import (  # noqa: PLC0415
            ScoredImages,
            evaluate_classifier,
        )

        scoring = cast(ClassifierEvaluateConfig, options)
        images = ScoredImages(config_class=RetinalConfig)
        return evaluate_classifier(trained, scoring, data_dir, process, images)

    def build(
        self, config: LoopConfig, data_dir: Path, process: Process, *, has_checkpoint: bool = False
    ) -> RecordedRecipe:
        from training.recipes.classification.model import check_network  # noqa: PLC0415
        from training.recipes.classification.recipe import ClassifierRecipe  # noqa: PLC0415

        retinal = cast(RetinalConfig, config)
        root = data_root_on_rank(retinal.data, data_dir, process)
        data = find_data(retinal, root, TRAINING_SPLITS)
        # Decoding every image can take long, so what is quickly found comes first.
        check_network(retinal, len(data.taxonomy.classes), world_size=process.world_size)
        verified = verify_data(data, retinal, process)
        if process.is_main:
            show_scan(data_report(verified))
        return ClassifierRecipe(
            retinal, verified, process, name=RETINAL, has_checkpoint=has_checkpoint
        )
