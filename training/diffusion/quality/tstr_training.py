"""Trains the small classifier of `tstr` for a number of steps, and predicts the real test images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.agreement import Agreement
from training.config import Split
from training.data.image_batches import ImageDataset
from training.errors import CheckpointError
from training.evaluation.scoring import Predictions
from training.loop import TrainingLoop
from training.null_recorders import NullConsole, NullTracker
from training.process import Process
from training.random_state import seed_everything
from training.recipe import EvaluationResult
from training.recipes.classification.config import ClassifierConfig
from training.recipes.classification.data import ClassifierData
from training.recipes.classification.prediction import InferenceTransform, predict
from training.recipes.classification.recipe import ClassifierRecipe, split_dataset
from training.recipes.retinal.config import RetinalConfig


def train_and_predict(
    config: RetinalConfig, train: ClassifierData, test: ClassifierData, process: Process
) -> tuple[Predictions, int]:
    """The predictions of the last step's model for every test image, and the number of steps.

    No epoch is chosen by its score, because a choice on real images would help the classifier that
    has seen none.
    """
    seed_everything(config.seed, process.rank)
    recipe = _UnvalidatedRecipe(config, train, process, name="tstr", open_split=_training_split)
    outcome = TrainingLoop(
        recipe=recipe,
        process=process,
        agreement=Agreement(process, None),
        tracker=NullTracker(),
        checkpoints=_NoCheckpoints(),
        console=NullConsole(),
    ).run()
    model = recipe.model.eval()
    with torch.no_grad():
        predictions = predict(
            model, split_dataset(config, test, Split.TEST), InferenceTransform.of(config), process
        )
    assert predictions is not None  # this process is the only one, and the split is not empty
    return predictions, outcome.steps


def epochs_for(num_steps: int, num_images: int, batch_size: int) -> int:
    """The passes over some images that take about `num_steps`; at least one."""
    return max(1, round(num_steps / max(1, num_images // batch_size)))


class _UnvalidatedRecipe(ClassifierRecipe):
    """A classifier that is not evaluated while it is trained."""

    def evaluate(self, model: nn.Module, *, step: int, epoch: int) -> EvaluationResult:
        return EvaluationResult(metrics={}, score=0.0)


class _NoCheckpoints:
    """Implements `training.recipe.Checkpoints` for a training of minutes, which is not resumed."""

    def latest(self) -> str | None:
        return None

    def path(self, name: str) -> Path:
        raise CheckpointError(f"There is no checkpoint {name}, because none is kept.")

    def save(
        self,
        tensors: Mapping[str, Mapping[str, Tensor]],
        state: Mapping[str, Any],
        *,
        step: int,
        is_best: bool,
    ) -> None: ...

    def flush(self, timeout_s: float) -> None: ...


def _training_split(config: ClassifierConfig, data: ClassifierData, _: Split) -> ImageDataset:
    """The training images, also in place of the validation images, which are not read."""
    return split_dataset(config, data, Split.TRAIN)
