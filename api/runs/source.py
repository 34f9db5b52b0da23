"""What the read API asks of the store that MLflow keeps its runs in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.pages import Listed, Page
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
"""What a list of runs shows of each."""


@dataclass(frozen=True, kw_only=True)
class RunQuery:
    """Which runs are wanted; an experiment by its id or, where no experiment has that id, its name."""

    experiment: str | None = None
    status: RunStatus | MlflowStatus | None = None


@dataclass(frozen=True)
class FoundRun:
    """A run of a list: of its metrics, `state` has the KEY_METRICS alone."""

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
    """The runs of the request's workspace."""

    def run(self, run_id: str) -> RunState | None:
        """The run's facts and newest values, without its recent points; None where there is none."""
        ...

    def newest_run_id(self, statuses: Collection[str] | None = None) -> str | None:
        """The run that started last, of those with one of MLflow's `statuses`.

        Deleted runs and the runs of evaluation jobs are left out: an evaluation has no curves, and
        its scores belong to the run that it evaluates.
        """
        ...

    def find_runs(self, query: RunQuery, page: Page) -> Listed[FoundRun]:
        """Newest first, deleted ones aside."""
        ...


class MetricHistory(Protocol):
    """What runs have logged; whoever asks has made sure that the run may be seen.

    Steps, points and epochs leave the system metrics out, whose steps count samples of the machine.
    """

    def steps(self, run_id: str, page: Page) -> list[int]:
        """The steps that something was logged at, furthest first."""
        ...

    def num_steps(self, run_id: str) -> int:
        """At how many steps something was logged."""
        ...

    def points(self, run_id: str, first_step: int, last_step: int) -> list[LoggedPoint]:
        """All that was logged from one step to another; at one step, what counts comes last."""
        ...

    def series(self, run_id: str, metric: str) -> Series:
        """A whole metric; empty where there is none of that name."""
        ...

    def epochs(self, run_id: str, steps_per_epoch: int, page: Page) -> Listed[int]:
        """The epochs of so many steps that something was logged in, newest first."""
        ...

    def span_ends(
        self, run_id: str, metrics: Collection[str], spans: Sequence[EpochSpan]
    ) -> list[SpanEnds]:
        """Where each of these metrics begins and ends in each span that it has points in."""
        ...


def is_of_training(metric: str) -> bool:
    return not metric.startswith(SYSTEM_METRIC_PREFIX)
