"""Gives a model that was fitted without rows of some classes an output for every class."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from training.tables.labels import Floats, Integers
from training.tables.learners.learner import Examples, FittedModel, LearningTask
from training.tables.learners.model_folder import (
    ModelDescription,
    TaskDescription,
    write_description,
)
from training.tables.targets.problem_type import class_problem

ABSENT_LOG_ODDS = -20.0
"""Of a class without a row in training: a probability of about 2e-9."""
INNER_FOLDER = "classes"


def narrowed_task(task: LearningTask, present: Integers) -> LearningTask:
    """The task of telling apart the present classes only."""
    return replace(task, problem_type=class_problem(len(present)), num_classes=len(present))


def narrowed(examples: Examples, present: Integers) -> Examples:
    """The rows of present classes, with their places among these as codes."""
    kept = np.isin(examples.targets, present)
    codes = np.searchsorted(present, examples.targets[kept]).astype(np.float64)
    return Examples(examples.values[kept], codes)


class SomeClassesModel(FittedModel):
    """`inner` tells apart the classes `present`; the others get next to no probability."""

    def __init__(self, inner: FittedModel, task: LearningTask, present: Integers) -> None:
        self.inner, self.task, self.present = inner, task, present
        self.learner_name, self.rounds = inner.learner_name, inner.rounds
        self.margin_name = inner.margin_name
        self._is_probability = inner.margin_is_probability
        self.margin_is_probability = inner.margin_is_probability

    def predict(self, values: Floats) -> Floats:
        probabilities = np.zeros((len(values), self.task.num_classes))
        probabilities[:, self.present] = self.inner.predict(values)
        return probabilities

    def margin(self, values: Floats) -> Floats:
        return self._widened(self.inner.margin(values)[:, :, np.newaxis])[:, :, 0]

    def contributions(self, values: Floats) -> Floats:
        return self._widened(self.inner.contributions(values))

    def save(self, folder: Path) -> None:
        description = ModelDescription(
            learner=self.learner_name,
            shape="some_classes",
            rounds=self.rounds,
            task=TaskDescription.of(self.task),
            details={"present": self.present.tolist()},
        )
        write_description(folder, description)
        self.inner.save(folder / INNER_FOLDER)

    def _widened(self, parts: Floats) -> Floats:
        """Parts of margins, the last of which is the base value, with an output for each class."""
        shape = (len(parts), self.task.num_classes, parts.shape[2])
        widened = np.zeros(shape)
        if not self._is_probability:
            widened[:, :, -1] = ABSENT_LOG_ODDS
        widened[:, self.present] = self._of_each_class(parts)
        return widened

    def _of_each_class(self, parts: Floats) -> Floats:
        if parts.shape[1] > 1:
            return parts
        if not self._is_probability:
            # The softmax of -m/2 and m/2 has the log-odds m.
            return np.concatenate([-parts / 2, parts / 2], axis=1)
        first = -parts
        first[:, :, -1] += 1
        return np.concatenate([first, parts], axis=1)
