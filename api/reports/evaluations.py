"""The evaluations of a run as a report shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Interval = tuple[float, float]


class EvaluationKind(StrEnum):
    TEST = "test"
    """Of an evaluation job: `evaluation/…/scores.json`."""
    HOLDOUT = "holdout"
    """Of the pipeline of a table."""
    VALIDATION = "validation"
    """Of an epoch of a training."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """`interval` is the 95 % interval that was logged, `num` of `of` cases the value itself."""

    value: float | None = None
    interval: Interval | None = None
    num: int | None = None
    of: int | None = None


@dataclass(frozen=True, kw_only=True)
class ConditionFigures:
    name: str
    floor: float | None
    support: int | None
    sensitivity: Estimate
    specificity: Estimate
    verdict: str
    explanation: str


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """The measures of one class by their names: sensitivity, precision and so on."""

    name: str
    support: int | None
    measures: Mapping[str, Estimate]


@dataclass(frozen=True, kw_only=True)
class ConfusionCounts:
    """One row of `counts` for each true class; `has_others` as in the evaluation of a table."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ReliabilityPoint:
    said: float
    happened: float
    num: int


@dataclass(frozen=True, kw_only=True)
class RocCurve:
    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    name: str
    kind: EvaluationKind
    num_cases: int | None = None
    num_groups: int | None = None
    num_left_out: int = 0
    trained_on: int | None = None
    """Cases among them that the model was trained on; None if that is not known."""
    chosen_with: int | None = None
    metrics: Mapping[str, Estimate]
    conditions: tuple[ConditionFigures, ...] = ()
    classes: tuple[ClassFigures, ...] = ()
    num_classes: int = 0
    confusion: ConfusionCounts | None = None
    num_matrix_classes: int = 0
    reliability: tuple[ReliabilityPoint, ...] = ()
    calibration_error: Estimate = Estimate()
    is_rescaled: bool = False
    """Whether reliability and error are those after the temperature that was fitted on val."""
    roc: tuple[RocCurve, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_independent(self) -> bool:
        """Whether the cases took no part in training and choice, as far as the run says."""
        return self.kind is not EvaluationKind.VALIDATION and not (
            self.trained_on or self.chosen_with
        )
