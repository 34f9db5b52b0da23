"""The interface of learners, and of the models that they fit."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from training.tables.labels import Booleans, Floats, Integers
from training.tables.learners.hyperparameter import Hyperparameter, Params, checked_params
from training.tables.targets.problem_type import ProblemType

ShouldStop = Callable[[int], bool]
"""Called between boosting rounds or epochs with the number of finished ones.

True ends the fit, and what there is by then becomes the model. It may block, which pauses the fit.
"""


def never(_num_rounds: int) -> bool:
    """A ShouldStop that lets the fit go on."""
    return False


@dataclass(frozen=True, kw_only=True, eq=False)
class LearningTask:
    """The problem, the kinds of the features, and what makes a fit repeatable."""

    problem_type: ProblemType
    num_classes: int
    """0 for a regression."""
    is_categorical: Booleans
    """(num_features,): whether the values are codes 0, 1, … without an order."""
    num_categories: Integers
    """(num_features,): how many codes there are; 0 for numbers."""
    seed: int = 0
    num_threads: int = 1

    @property
    def has_classes(self) -> bool:
        return self.problem_type is not ProblemType.REGRESSION

    @property
    def num_features(self) -> int:
        return len(self.is_categorical)

    @property
    def num_outputs(self) -> int:
        """Columns of a margin: one for two classes and for a regression."""
        return self.num_classes if self.num_classes > 2 else 1


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows to learn from; NaN is a missing value or an unknown category."""

    values: Floats
    """(num_rows, num_features)"""
    targets: Floats
    """(num_rows,): class codes 0, 1, …, or numbers."""


class Suggestions(Protocol):
    """The part of `optuna.Trial` that proposes hyperparameters."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = ...) -> int: ...

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = ...) -> float: ...

    def suggest_categorical(self, name: str, choices: Any) -> Any: ...


class FittedModel(ABC):
    """What a learner has learned; it predicts, and says what each feature contributed."""

    task: LearningTask
    learner_name: str
    rounds: int = 0
    """Boosting rounds or epochs; 0 where there are none."""
    margin_name: str
    """What `margin` is, in words, such as "the predicted number"."""
    margin_is_probability: bool = False
    """Of classes: whether the margin is a probability rather than log-odds."""

    @abstractmethod
    def predict(self, values: Floats) -> Floats:
        """Probabilities (num_rows, num_classes), or numbers (num_rows, 1)."""

    @abstractmethod
    def margin(self, values: Floats) -> Floats:
        """(num_rows, task.num_outputs): the output that the contributions add up to.

        For two classes the one output is about the second.
        """

    @abstractmethod
    def contributions(self, values: Floats) -> Floats:
        """(num_rows, task.num_outputs, num_features + 1); the last one is the base value.

        The sum over the last axis is `margin` within 1e-4 of its size (of 1 if that is smaller).
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the model into a new or empty folder; OSError if that fails."""


class Learner(ABC):
    """A kind of model, without state."""

    name: ClassVar[str]
    title: ClassVar[str]
    """For people."""
    can_continue: ClassVar[bool] = False
    """Whether `fit` can begin with a fitted model."""
    continues_by: ClassVar[str] = ""
    """What `fit` then does to the model, in words for people; empty if it cannot continue one."""
    kept_by_continuing: ClassVar[tuple[str, ...]] = ()
    """Hyperparameters that a continued model keeps, whatever `params` say."""

    @abstractmethod
    def hyperparameters(self, task: LearningTask | None = None) -> tuple[Hyperparameter, ...]:
        """Those that apply to the task; without one, those of any task."""

    def check(self, params: Mapping[str, Any], task: LearningTask | None = None) -> Params:
        """All hyperparameters of the right type, with defaults for those that `params` lacks.

        Those that apply to other tasks only are left out. Raises TableError that names each
        unknown or unusable one, and what is allowed.
        """
        known = self.hyperparameters(task)
        elsewhere = {item.name for item in self.hyperparameters()} - {item.name for item in known}
        given = {name: value for name, value in params.items() if name not in elsewhere}
        return checked_params(self.title, known, given)

    @abstractmethod
    def suggest(self, trial: Suggestions, task: LearningTask) -> Params:
        """Hyperparameters that are worth a try; those that are left out have defaults."""

    @abstractmethod
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
        """Learn from `train`; with `validation`, boosting and epochs end when it gets no better.

        The same arguments give the same model. `initial` is a model of this learner that the fit
        continues; that is not bit for bit one longer fit.
        Raises TableError if the rows, the hyperparameters or `initial` cannot be used.
        """

    @abstractmethod
    def load(self, folder: Path, task: LearningTask) -> FittedModel:
        """The model that was saved in the folder; TableError if there is none of this learner."""
