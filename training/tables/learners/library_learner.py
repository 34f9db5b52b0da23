"""What all learners do around the fit of their library."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from training.tables.errors import TableError
from training.tables.labels import Floats, Integers
from training.tables.learners.constant_model import ConstantModel, constant_model
from training.tables.learners.hyperparameter import Params
from training.tables.learners.inputs import bounded_examples
from training.tables.learners.learner import (
    Examples,
    FittedModel,
    Learner,
    LearningTask,
    ShouldStop,
    never,
)
from training.tables.learners.model_folder import ModelDescription, read_description
from training.tables.learners.some_classes import (
    INNER_FOLDER,
    SomeClassesModel,
    narrowed,
    narrowed_task,
)


class LibraryLearner(Learner):
    """Checks the input, and gives the library only targets that it can learn.

    A library sees two or more classes, each of which has rows, or numbers that differ.
    """

    continues_without_classes: ClassVar[bool] = True
    """Whether the rows that continue a model may lack some of its classes."""

    def fit(
        self,
        task: LearningTask,
        train: Examples,
        validation: Examples | None,
        params: Mapping[str, Any],
        *,
        should_stop: ShouldStop = never,
        initial: FittedModel | None = None,
    ) -> FittedModel:
        checked = self.check(params, task)
        train = bounded_examples(train, task)
        if validation is not None:
            validation = bounded_examples(validation, task)
        self._check_initial(task, initial)
        present = _present_classes(task, train.targets, initial)
        if initial is not None and task.has_classes and not self.continues_without_classes:
            self._check_all_there(train.targets, present)
        if not task.num_features or len(present) < 2:
            return constant_model(self.name, task, train.targets)
        if isinstance(initial, ConstantModel):
            initial = None
        with threadpool_limits(task.num_threads):
            if not task.has_classes or len(present) == task.num_classes:
                return self._fit(task, train, validation, checked, should_stop, initial)
            inner = self._fit(
                narrowed_task(task, present),
                narrowed(train, present),
                _narrowed_or_none(validation, present),
                checked,
                should_stop,
                initial.inner if isinstance(initial, SomeClassesModel) else None,
            )
        return SomeClassesModel(inner, task, present)

    def load(self, folder: Path, task: LearningTask) -> FittedModel:
        description = read_description(folder)
        if description.learner != self.name:
            raise TableError(
                f"Expected a model of {self.title}, but the folder has one of another learner."
            )
        try:
            if description.shape == "constant":
                outputs = np.array(description.details["outputs"], np.float64)
                return ConstantModel(self.name, task, outputs)
            if description.shape == "some_classes":
                present = np.array(description.details["present"], np.int64)
                inner = self.load(folder / INNER_FOLDER, narrowed_task(task, present))
                return SomeClassesModel(inner, task, present)
            return self._load(folder, task, description)
        except (OSError, KeyError) as error:
            raise TableError(
                f"Expected all files of a model of {self.title}, but {folder.name} lacks some."
            ) from error

    @abstractmethod
    def _fit(
        self,
        task: LearningTask,
        train: Examples,
        validation: Examples | None,
        params: Params,
        should_stop: ShouldStop,
        initial: FittedModel | None,
    ) -> FittedModel:
        """As `fit`, with checked arguments."""

    @abstractmethod
    def _load(self, folder: Path, task: LearningTask, description: ModelDescription) -> FittedModel:
        """The model of the folder; OSError or KeyError if a file or detail is missing."""

    def _check_all_there(self, targets: Floats, known: Integers) -> None:
        if not np.isin(known, targets).all():
            raise TableError(
                f"{self.title} continues only with rows of each class that it knows. Add rows of the "
                "classes that are missing, or train a new model."
            )

    def _check_initial(self, task: LearningTask, initial: FittedModel | None) -> None:
        if initial is None:
            return
        if not self.can_continue:
            raise TableError(f"{self.title} cannot continue a model. Train a new one.")
        same = (
            initial.learner_name == self.name
            and initial.task.problem_type is task.problem_type
            and initial.task.num_classes == task.num_classes
            and np.array_equal(initial.task.num_categories, task.num_categories)
        )
        if not same:
            raise TableError(
                f"Expected a model of {self.title} for the same classes and features to continue, "
                "but the given one is of another kind. Train a new one."
            )


def _present_classes(task: LearningTask, targets: Floats, initial: FittedModel | None) -> Integers:
    """The classes to tell apart; for a regression, the different targets.

    A model that is continued keeps its classes. TableError if it lacks one of the targets.
    """
    present: Integers = np.unique(targets.astype(np.int64) if task.has_classes else targets)
    if initial is None or isinstance(initial, ConstantModel) or not task.has_classes:
        return present
    known = (
        initial.present
        if isinstance(initial, SomeClassesModel)
        else np.arange(task.num_classes, dtype=np.int64)
    )
    if not np.isin(present, known).all():
        raise TableError(
            "The rows have a class that the model to be continued never saw. Train a new model."
        )
    return known


def _narrowed_or_none(validation: Examples | None, present: Integers) -> Examples | None:
    if validation is None:
        return None
    kept = narrowed(validation, present)
    return kept if len(kept.targets) else None
