"""The retinal recipe as something to ask for: configured, checked beforehand, built on a rank."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch

from training.config import EvaluateConfig, LoopConfig, Split
from training.models.backbone import build_classifier
from training.models.weights import check_weights
from training.process import Process
from training.recipe import RecordedRecipe, Scores, TrainedModel
from training.recipes.retinal import RetinalRecipe, backbone_config
from training.recipes.retinal_config import RANDOM_WEIGHTS, RetinalConfig, retinal_config
from training.recipes.retinal_data import data_root, find_data, verify_data
from training.recipes.retinal_evaluation import evaluate_classifier

TRAINING_SPLITS = (Split.TRAIN, Split.VAL)


class RetinalKind:
    """Implements `training.recipe.RecipeKind`."""

    @property
    def config_class(self) -> type[LoopConfig]:
        return RetinalConfig

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> LoopConfig:
        return retinal_config(dict(given), has_gpu=has_gpu)

    def check(self, config: LoopConfig, data_dir: Path) -> None:
        retinal = cast(RetinalConfig, config)
        data = find_data(retinal, data_root(retinal, data_dir), TRAINING_SPLITS)
        with torch.device("meta"):
            model = build_classifier(backbone_config(retinal, len(data.taxonomy.classes)))
        if retinal.weights not in ("", RANDOM_WEIGHTS):
            check_weights(model, Path(retinal.weights).expanduser())

    def evaluate(
        self, trained: TrainedModel, options: EvaluateConfig, data_dir: Path, process: Process
    ) -> Scores:
        return evaluate_classifier(trained, options, data_dir, process)

    def build(self, config: LoopConfig, data_dir: Path, process: Process) -> RecordedRecipe:
        retinal = cast(RetinalConfig, config)
        if process.local_rank == 0:
            data_root(retinal, data_dir)  # draws, once per machine, what is not there yet
        process.barrier()
        data = find_data(retinal, data_root(retinal, data_dir), TRAINING_SPLITS)
        return RetinalRecipe(retinal, verify_data(data, retinal, process), process)
