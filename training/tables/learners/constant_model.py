"""A model that ignores the features, for targets that have only one value."""

from pathlib import Path

import numpy as np

from training.tables.labels import Floats
from training.tables.learners.learner import FittedModel, LearningTask
from training.tables.learners.model_folder import (
    ModelDescription,
    TaskDescription,
    write_description,
)

_FLOOR = 1e-9
"""The least probability, so that log-odds are finite."""


class ConstantModel(FittedModel):
    """Predicts the same for each row: `outputs` are probabilities of classes, or one number."""

    def __init__(self, learner_name: str, task: LearningTask, outputs: Floats) -> None:
        self.learner_name, self.task, self._outputs = learner_name, task, outputs
        self.margin_name = (
            "log-odds of each class before softmax" if task.has_classes else "the predicted number"
        )

    def predict(self, values: Floats) -> Floats:
        return np.tile(self._outputs, (len(values), 1))

    def margin(self, values: Floats) -> Floats:
        return np.tile(self._base_values(), (len(values), 1))

    def contributions(self, values: Floats) -> Floats:
        shape = (len(values), self.task.num_outputs, self.task.num_features + 1)
        contributions = np.zeros(shape)
        contributions[:, :, -1] = self._base_values()
        return contributions

    def save(self, folder: Path) -> None:
        description = ModelDescription(
            learner=self.learner_name,
            shape="constant",
            task=TaskDescription.of(self.task),
            details={"outputs": self._outputs.tolist()},
        )
        write_description(folder, description)

    def _base_values(self) -> Floats:
        if not self.task.has_classes:
            return self._outputs
        logarithms = np.log(np.maximum(self._outputs, _FLOOR))
        return logarithms if self.task.num_outputs > 1 else logarithms[1:] - logarithms[:1]


def constant_model(learner_name: str, task: LearningTask, targets: Floats) -> ConstantModel:
    """The shares of the classes, or the mean."""
    if not task.has_classes:
        return ConstantModel(learner_name, task, np.array([targets.mean()]))
    counts = np.bincount(targets.astype(np.int64), minlength=task.num_classes)
    return ConstantModel(learner_name, task, counts / counts.sum())
