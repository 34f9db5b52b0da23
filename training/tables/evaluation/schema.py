"""The report on a holdout, as it is answered and stored."""

from pydantic import BaseModel, ConfigDict

from tracking_plugin.wilson_interval import Interval
from training.tables.targets.problem_type import ProblemType


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Estimate(_Part):
    """A metric with its 95 % interval; None where it is undefined."""

    value: float | None
    interval: Interval | None = None


class Score(_Part):
    """One metric by its name in `HoldoutReport.metrics`, such as that which selection reports."""

    metric: str
    value: float
    interval: Interval | None = None


class Gap(_Part):
    """How much selection promised more than the holdout shows; positive if it promised too much."""

    metric: str
    selection: float
    holdout: float
    difference: float
    """Selection minus holdout; holdout minus selection for errors, where less is better."""
    interval: Interval | None
    sentence: str


class CurvePoint(_Part):
    """One point of a curve; `x` and `y` are from 0 to 1. The first one has no threshold."""

    x: float
    y: float
    threshold: float | None


class ReliabilityBin(_Part):
    """Rows with similar probabilities: the mean of these, and the share that came true."""

    mean_probability: float
    observed: float
    observed_interval: Interval
    num_rows: int


class ThresholdRow(_Part):
    """What the rows are worth whose probability of a class is not below a threshold."""

    threshold: float
    num_above: int
    num_found: int
    """Rows of the class among those above."""
    completeness: float
    """Share of the rows of the class that are above: recall."""
    completeness_interval: Interval
    reliability: float | None
    """Share of the rows above that are of the class: precision. None without a row above."""
    reliability_interval: Interval | None


class ClassReport(_Part):
    """One class against the rest. Undefined figures are None, never 0.

    A class without a row in the holdout has a support of 0, and neither figures nor curves.
    """

    name: str
    support: int
    """Rows of the class."""
    num_groups: int
    """Groups with a row of the class."""
    num_predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    auroc: Estimate
    average_precision: float | None
    roc: tuple[CurvePoint, ...] = ()
    """`x` is the false positive rate, `y` the true positive rate."""
    precision_recall: tuple[CurvePoint, ...] = ()
    """`x` is recall, `y` precision."""
    reliability: tuple[ReliabilityBin, ...] = ()
    thresholds: tuple[ThresholdRow, ...] = ()


class ConfusedPair(_Part):
    true: str
    predicted: str
    num_rows: int


class Confusion(_Part):
    """Rows by true and predicted class, and the pairs that are confused most."""

    classes: tuple[str, ...]
    """Of rows and columns."""
    counts: tuple[tuple[int, ...], ...]
    """One row for each true class."""
    has_others: bool
    """Whether a last row and column of `counts` count all classes that are not in `classes`."""
    most_confused: tuple[ConfusedPair, ...]


class Reliability(_Part):
    """Whether predictions come true as often as their probabilities say."""

    bins: tuple[ReliabilityBin, ...]
    """Of the probability of the predicted class."""
    error: Estimate
    """Expected calibration error. It is biased upwards where rows are few."""
    uncalibrated_bins: tuple[ReliabilityBin, ...] = ()
    uncalibrated_error: float | None = None
    """The same before calibration, if such predictions were given."""
    uncalibrated_log_loss: float | None = None


class NumberBin(_Part):
    """Rows with similar predictions of a number."""

    mean_predicted: float
    mean_observed: float
    num_rows: int


class Regression(_Part):
    """Errors of a regression: predicted minus true, in units of the target."""

    bins: tuple[NumberBin, ...]
    """Of equal numbers of rows, by rising prediction."""
    error_quantiles: dict[str, float]
    """By `0.05` and so on."""
    absolute_error_quantiles: dict[str, float]


class HoldoutReport(_Part):
    """What a model reaches on rows that neither training nor selection saw."""

    problem_type: ProblemType
    num_rows: int
    num_groups: int
    metrics: dict[str, Estimate]
    """Classes: `macro_f1`, `weighted_f1`, `accuracy`, `balanced_accuracy`,
    `matthews_correlation`, `auroc_macro`, `average_precision_macro`, `log_loss`, `brier`, `ece`.
    Numbers: `rmse`, `mae`, `r2`, `mean_error`, `median_absolute_error`, `spearman`.

    Macro averages are over the classes that have a row in the holdout.
    """
    absent_classes: tuple[str, ...] = ()
    """Classes without a row in the holdout: nothing is shown about them."""
    classes: tuple[ClassReport, ...] = ()
    confusion: Confusion | None = None
    reliability: Reliability | None = None
    regression: Regression | None = None
    gap: Gap | None = None
    notes: tuple[str, ...] = ()
