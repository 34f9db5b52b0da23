"""A model of trees that LightGBM evaluates, whichever library grew them."""

from enum import StrEnum
from pathlib import Path
from typing import Self

import lightgbm
import numpy as np

from training.tables.labels import Floats
from training.tables.learners.inputs import bounded
from training.tables.learners.learner import FittedModel, LearningTask
from training.tables.learners.links import probabilities_of
from training.tables.learners.model_folder import (
    ModelDescription,
    TaskDescription,
    write_description,
)

FILE_NAME = "model.txt"


class TreeOutput(StrEnum):
    """What the sum of the trees is."""

    NUMBER = "number"
    LOG_ODDS = "log-odds"
    PROBABILITY = "probability"


class TreeInput(StrEnum):
    """How values are given to the trees."""

    AS_THEY_ARE = "as they are"
    SINGLE_PRECISION = "single precision"
    MISSING_AS_CODE = "missing as code"
    """A missing category is one more code, after the others."""


_MARGIN_NAMES = {
    (TreeOutput.NUMBER, False): "the predicted number",
    (TreeOutput.LOG_ODDS, False): "log-odds of the second class",
    (TreeOutput.LOG_ODDS, True): "log-odds of each class before softmax",
    (TreeOutput.PROBABILITY, False): "probability of the second class",
    (TreeOutput.PROBABILITY, True): "probability of each class",
}


class LightGBMModel(FittedModel):
    """Contributions are exact, path-dependent SHAP values (Lundberg et al. 2020)."""

    def __init__(
        self,
        learner_name: str,
        task: LearningTask,
        text: str,
        *,
        rounds: int,
        output: TreeOutput,
        tree_input: TreeInput = TreeInput.AS_THEY_ARE,
    ) -> None:
        self.learner_name, self.task, self.rounds = learner_name, task, rounds
        self.booster = lightgbm.Booster(model_str=text)
        self._text, self._output, self._input = text, output, tree_input
        self.margin_name = _MARGIN_NAMES[output, task.num_outputs > 1]
        self.margin_is_probability = output is TreeOutput.PROBABILITY

    def predict(self, values: Floats) -> Floats:
        margin = self.margin(values)
        if self._output is TreeOutput.NUMBER:
            return margin
        if self._output is TreeOutput.LOG_ODDS:
            return probabilities_of(margin)
        return np.hstack([1 - margin, margin]) if margin.shape[1] == 1 else margin

    def margin(self, values: Floats) -> Floats:
        margin = self._evaluated(values, raw_score=True)
        return margin.reshape(len(values), self.task.num_outputs)

    def contributions(self, values: Floats) -> Floats:
        parts = self._evaluated(values, pred_contrib=True)
        return parts.reshape(len(values), self.task.num_outputs, self.task.num_features + 1)

    def save(self, folder: Path) -> None:
        description = ModelDescription(
            learner=self.learner_name,
            rounds=self.rounds,
            task=TaskDescription.of(self.task),
            details={"output": self._output, "input": self._input},
        )
        write_description(folder, description)
        (folder / FILE_NAME).write_text(self._text)

    @classmethod
    def load(cls, folder: Path, task: LearningTask, description: ModelDescription) -> Self:
        """Raises OSError or KeyError if a part is missing."""
        return cls(
            description.learner,
            task,
            (folder / FILE_NAME).read_text(),
            rounds=description.rounds,
            output=TreeOutput(description.details["output"]),
            tree_input=TreeInput(description.details["input"]),
        )

    def _evaluated(
        self, values: Floats, *, raw_score: bool = False, pred_contrib: bool = False
    ) -> Floats:
        found = self.booster.predict(
            tree_values(values, self.task, self._input),
            raw_score=raw_score,
            pred_contrib=pred_contrib,
            num_threads=self.task.num_threads,
        )
        return np.asarray(found, np.float64)


def tree_values(values: Floats, task: LearningTask, tree_input: TreeInput) -> Floats:
    """The values as the trees were grown on them."""
    values = bounded(values, task)
    if tree_input is TreeInput.SINGLE_PRECISION:
        return values.astype(np.float32).astype(np.float64)
    if tree_input is TreeInput.MISSING_AS_CODE:
        codes = task.num_categories.astype(np.float64)
        return np.where(np.isnan(values) & task.is_categorical, codes, values)
    return values
