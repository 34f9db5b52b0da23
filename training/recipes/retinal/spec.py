"""The retinal recipe as something to ask for: configured, checked beforehand, built on a rank.

What takes seconds to import is imported where it is used: the driver of a cluster's job only
configures, and a training draws no report.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from training.config import EvaluateConfig, LoopConfig, Split
from training.process import Process
from training.recipe import RecordedRecipe, Scores, TrainedModel
from training.recipes.retinal.config import RetinalConfig, RetinalEvaluateConfig, retinal_config
from training.recipes.retinal.data import data_root, find_data, verify_data

TRAINING_SPLITS = (Split.TRAIN, Split.VAL)


class RetinalSpec:
    """Implements `training.recipe.RecipeKind`."""

    @property
    def config_class(self) -> type[LoopConfig]:
        return RetinalConfig

    @property
    def evaluate_class(self) -> type[EvaluateConfig]:
        return RetinalEvaluateConfig

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> LoopConfig:
        return retinal_config(dict(given), has_gpu=has_gpu)

    def check(self, config: LoopConfig, data_dir: Path) -> None:
        from training.recipes.retinal.model import check_model  # noqa: PLC0415

        retinal = cast(RetinalConfig, config)
        data = find_data(retinal, data_root(retinal, data_dir), TRAINING_SPLITS)
        check_model(retinal, num_classes=len(data.taxonomy.classes))

    def evaluate(
        self, trained: TrainedModel, options: EvaluateConfig, data_dir: Path, process: Process
    ) -> Scores:
        from training.recipes.retinal.evaluation import evaluate_classifier  # noqa: PLC0415

        retinal = cast(RetinalEvaluateConfig, options)
        return evaluate_classifier(trained, retinal, data_dir, process)

    def build(self, config: LoopConfig, data_dir: Path, process: Process) -> RecordedRecipe:
        from training.recipes.retinal.recipe import RetinalRecipe  # noqa: PLC0415

        retinal = cast(RetinalConfig, config)
        if process.local_rank == 0:
            data_root(retinal, data_dir)  # draws, once per machine, what is not there yet
        process.barrier()
        data = find_data(retinal, data_root(retinal, data_dir), TRAINING_SPLITS)
        return RetinalRecipe(retinal, verify_data(data, retinal, process), process)
