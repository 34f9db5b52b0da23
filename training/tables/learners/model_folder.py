"""Reads and writes `learner.json`, which says what kind of model a folder has."""

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.tables.errors import TableError
from training.tables.learners.learner import LearningTask
from training.tables.targets.problem_type import ProblemType

FILE_NAME = "learner.json"
MAX_FEATURES = 1_000_000
Shape = Literal["model", "constant", "some_classes"]


class TaskDescription(BaseModel):
    """A LearningTask as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    problem_type: ProblemType
    num_classes: int = Field(ge=0)
    num_features: int = Field(ge=0, le=MAX_FEATURES)
    categories: dict[int, int]
    """Of each categorical feature, by its number, how many codes there are."""
    seed: int
    num_threads: int = Field(ge=1)

    @classmethod
    def of(cls, task: LearningTask) -> "TaskDescription":
        return cls(
            problem_type=task.problem_type,
            num_classes=task.num_classes,
            num_features=task.num_features,
            categories={
                int(at): int(task.num_categories[at]) for at in np.flatnonzero(task.is_categorical)
            },
            seed=task.seed,
            num_threads=task.num_threads,
        )

    def task(self) -> LearningTask:
        is_categorical = np.zeros(self.num_features, np.bool_)
        num_categories = np.zeros(self.num_features, np.int64)
        for at, count in self.categories.items():
            is_categorical[at], num_categories[at] = True, count
        return LearningTask(
            problem_type=self.problem_type,
            num_classes=self.num_classes,
            is_categorical=is_categorical,
            num_categories=num_categories,
            seed=self.seed,
            num_threads=self.num_threads,
        )


class ModelDescription(BaseModel):
    """The content of `learner.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    learner: str
    shape: Shape = "model"
    rounds: int = Field(default=0, ge=0)
    task: TaskDescription
    details: dict[str, Any] = {}
    """What the learner needs in addition."""


def write_description(folder: Path, description: ModelDescription) -> None:
    """Make the folder if need be, and describe the model in it; OSError if that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_text(description.model_dump_json(indent=1) + "\n")


def read_description(folder: Path) -> ModelDescription:
    """Raises TableError if the folder has no model that this version can read."""
    try:
        return ModelDescription.model_validate_json((folder / FILE_NAME).read_text())
    except (OSError, UnicodeDecodeError, ValidationError, json.JSONDecodeError) as error:
        raise TableError(
            f"Expected the folder of a model with a {FILE_NAME} of format 1, but {folder.name} "
            "has none. Give the folder of a model that was saved by this version or an older one."
        ) from error
