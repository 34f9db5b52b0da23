"""The models of the folds as one model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.tables.errors import TableError
from training.tables.labels import Floats
from training.tables.learners.constant_model import ConstantModel
from training.tables.learners.learner import FittedModel, LearningTask
from training.tables.learners.registry import load_model
from training.tables.selection.trial import member_folder

FILE_NAME = "bagged.json"


class _Description(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(default=1, ge=1, le=1)
    num_members: int = Field(ge=1, le=1000)


@dataclass(frozen=True, eq=False)
class BaggedModel:
    """Averages members that learned from different folds (Breiman 1996)."""

    members: tuple[FittedModel, ...]

    @property
    def task(self) -> LearningTask:
        return self.members[0].task

    @property
    def learner_name(self) -> str:
        return self.members[0].learner_name

    @property
    def margin_name(self) -> str:
        """Of what `margin` is the mean, in words; a member that is constant has no say."""
        named = [model for model in self.members if not isinstance(model, ConstantModel)]
        return (named or list(self.members))[0].margin_name

    def predict(self, values: Floats) -> Floats:
        """The mean of the members' probabilities (num_rows, num_classes) or numbers (…, 1)."""
        if not len(values):
            return np.empty((0, max(1, self.task.num_classes)))
        return self._mean(lambda member: member.predict(values))

    def margin(self, values: Floats) -> Floats:
        """(num_rows, num_outputs): the mean of the members' margins.

        Of log-odds, this is not the logarithm of the predicted odds.
        """
        if not len(values):
            return np.empty((0, self.task.num_outputs))
        return self._mean(lambda member: member.margin(values))

    def contributions(self, values: Floats) -> Floats:
        """(num_rows, num_outputs, num_features + 1); the sums over the last axis are `margin`."""
        if not len(values):
            return np.empty((0, self.task.num_outputs, self.task.num_features + 1))
        return self._mean(lambda member: member.contributions(values))

    def save(self, folder: Path) -> None:
        """Write all members into a new or empty folder; OSError if that fails."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, member in enumerate(self.members):
            member.save(member_folder(folder, number))
        description = _Description(num_members=len(self.members))
        (folder / FILE_NAME).write_text(description.model_dump_json() + "\n")

    @classmethod
    def load(cls, folder: Path) -> "BaggedModel":
        """Raises TableError if the folder has no bagged model."""
        try:
            description = _Description.model_validate_json((folder / FILE_NAME).read_text())
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise TableError(
                f"Expected the folder of a model with a {FILE_NAME}, but {folder.name} has none "
                "that this version can read."
            ) from error
        numbers = range(description.num_members)
        return cls(tuple(load_model(member_folder(folder, number)) for number in numbers))

    def _mean(self, output: Callable[[FittedModel], Floats]) -> Floats:
        total = output(self.members[0])
        for member in self.members[1:]:
            total = total + output(member)
        return total / len(self.members)
