"""The interface through which runs and metrics are read from MLflow's store."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.pages import Listed, Page
from api.runs.run_over import RunEnd
from api.runs.series import Series
from api.runs.state import RunState
from tracking_plugin.events import LoggedPoint
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.names import SYSTEM_METRIC_PREFIX, Metric, RunStatus

KEY_METRICS = (
    Metric.EPOCH,
    Metric.TRAIN_LOSS,
    Metric.VAL_LOSS,
    Metric.TRAIN_ACCURACY,
    Metric.VAL_ACCURACY,
    Metric.VAL_AUC_ROC_MACRO,
    Metric.VAL_AUC_ROC_WEIGHTED,
    Metric.VAL_F1,
)
"""The metrics that a list of runs has fields for."""

USUAL_METRICS = (
    *("loss", "train_loss", "val_loss", "valid_loss", "eval_loss", "eval/loss", "test_loss"),
    *("accuracy", "acc", "train_acc", "val_acc", "train_accuracy", "val_accuracy", "eval_accuracy"),
    *("test_accuracy", "test/loss", "test/accuracy", "val_auc", "val_f1", "eval_f1"),
    *("training_accuracy_score", "training_log_loss", "validation-logloss", "train-logloss"),
)
"""Frequent names of other programs; a list of runs finds them however many metrics a run has."""


@dataclass(frozen=True, kw_only=True)
class RunQuery:
    """Filters of a list of runs; an experiment is given by id or, if none has that id, by name."""

    experiment: str | None = None
    status: RunStatus | MlflowStatus | None = None


@dataclass(frozen=True)
class FoundRun:
    """A run in a list; `state` holds the KEY_METRICS and those from which its headlines are chosen."""

    state: RunState
    experiment_name: str


@dataclass(frozen=True)
class EpochSpan:
    """The steps of an epoch, both ends included."""

    epoch: int
    first_step: int
    last_step: int


@dataclass(frozen=True)
class SpanEnds:
    """The first and the last point of one metric in an epoch."""

    epoch: int
    first: LoggedPoint
    last: LoggedPoint


class RunIndex(Protocol):
    """The runs of the current workspace."""

    def run(self, run_id: str) -> RunState | None:
        """The run without its recent points; None if it does not exist."""
        ...

    def runs(self, run_ids: Collection[str], metrics: Collection[str]) -> dict[str, RunState]:
        """Those of the runs that exist, by id, with the newest points of these metrics alone."""
        ...

    def ends(self, run_ids: Collection[str]) -> dict[str, RunEnd]:
        """How those of the runs that are over have ended. A run that does not exist is deleted."""
        ...

    def parents(self, run_ids: Collection[str]) -> dict[str, str]:
        """The parent of each of the runs that have one, by MLflow's tag.

        The runs of evaluation jobs are left out: they show nothing of the life of a training.
        """
        ...

    def of_experiment(self, experiment_id: str) -> list[str]:
        """The ids of all runs of an experiment, deleted or not."""
        ...

    def ids_with_prefix(self, prefix: str, limit: int) -> list[str]:
        """The ids that begin with `prefix`, lower-case hexadecimal digits; at most `limit`."""
        ...

    def newest_run_id(self, statuses: Collection[str] | None = None) -> str | None:
        """The run that started last, of those with one of MLflow's `statuses`.

        Deleted runs and the runs of evaluation jobs are left out: an evaluation has no curves, and
        its scores belong to the run that it evaluates.
        """
        ...

    def find_runs(self, query: RunQuery, page: Page) -> Listed[FoundRun]:
        """Newest first, without deleted runs."""
        ...


class MetricHistory(Protocol):
    """The logged metrics of runs; callers have checked that the run is visible.

    Steps, points and epochs exclude the system metrics, whose steps count samples of the machine.
    """

    def steps(self, run_id: str, page: Page) -> list[int]:
        """The steps at which metrics were logged, in descending order."""
        ...

    def num_steps(self, run_id: str) -> int:
        """The number of these steps."""
        ...

    def points(self, run_id: str, first_step: int, last_step: int) -> list[LoggedPoint]:
        """All points from one step to another; of several at one step, the one that counts is last."""
        ...

    def series(self, run_id: str, metric: str) -> Series:
        """All points of a metric; empty if the run does not have it."""
        ...

    def epochs(self, run_id: str, steps_per_epoch: int, page: Page) -> Listed[int]:
        """The epochs of `steps_per_epoch` steps in which metrics were logged, newest first."""
        ...

    def span_ends(
        self, run_id: str, metrics: Collection[str], spans: Sequence[EpochSpan]
    ) -> list[SpanEnds]:
        """The first and last point of each metric in each span in which it has points."""
        ...


def is_of_training(metric: str) -> bool:
    return not metric.startswith(SYSTEM_METRIC_PREFIX)
