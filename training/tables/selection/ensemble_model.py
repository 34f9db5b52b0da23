"""The weighted mean of several models."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.tables.errors import TableError
from training.tables.labels import Floats
from training.tables.learners.learner import LearningTask
from training.tables.selection.bagged_model import BaggedModel

FILE_NAME = "ensemble.json"


class _Description(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(default=1, ge=1, le=1)
    weights: tuple[float, ...] = Field(min_length=1, max_length=100)


@dataclass(frozen=True, eq=False)
class EnsembleModel:
    """Predicts the weighted mean of its models' predictions.

    Explanations are of one of `models`, such as `main`: the contributions of models with
    different margins do not add up to anything.
    """

    models: tuple[BaggedModel, ...]
    weights: tuple[float, ...]
    """Positive, with the sum 1, the largest first."""

    @property
    def task(self) -> LearningTask:
        return self.models[0].task

    @property
    def main(self) -> BaggedModel:
        """The model with the largest weight."""
        return self.models[int(np.argmax(self.weights))]

    def predict(self, values: Floats) -> Floats:
        """Probabilities (num_rows, num_classes), or numbers (num_rows, 1)."""
        total = self.weights[0] * self.models[0].predict(values)
        for weight, model in zip(self.weights[1:], self.models[1:], strict=True):
            total = total + weight * model.predict(values)
        return total

    def save(self, folder: Path) -> None:
        """Write all models into a new or empty folder; OSError if that fails."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, model in enumerate(self.models):
            model.save(_model_folder(folder, number))
        description = _Description(weights=self.weights)
        (folder / FILE_NAME).write_text(description.model_dump_json() + "\n")

    @classmethod
    def load(cls, folder: Path) -> "EnsembleModel":
        """Raises TableError if the folder has no ensemble."""
        try:
            description = _Description.model_validate_json((folder / FILE_NAME).read_text())
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise TableError(
                f"Expected the folder of an ensemble with a {FILE_NAME}, but {folder.name} has "
                "none that this version can read."
            ) from error
        numbers = range(len(description.weights))
        models = tuple(BaggedModel.load(_model_folder(folder, number)) for number in numbers)
        return cls(models, description.weights)


def _model_folder(folder: Path, number: int) -> Path:
    return folder / f"model-{number}"
