"""The state of one run: read from MLflow's store once, then updated by its events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isnan

from tracking_plugin.events import LoggedPoint
from tracking_plugin.names import SYSTEM_METRIC_PREFIX, Metric, Param

RECENT_STEPS = 200
RECENT_POINTS = 20_000


@dataclass(kw_only=True)
class RunState:
    """The run's attributes, its newest values, and the points of its newest steps; times in ms."""

    run_id: str
    experiment_id: str | None = None
    run_name: str = ""
    mlflow_status: str | None = None
    start_time_ms: int | None = None
    end_time_ms: int | None = None
    deleted: bool = False
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    latest: dict[str, LoggedPoint] = field(default_factory=dict)
    recent: dict[int, dict[str, LoggedPoint]] = field(default_factory=dict)
    """By step, then by metric, without system metrics; at most RECENT_STEPS and RECENT_POINTS."""
    last_step: int | None = None
    """The highest step of all metrics except the system metrics, whose steps count samples."""

    _num_recent: int = 0

    @property
    def total_epochs(self) -> int | None:
        return _positive(self.params.get(Param.TOTAL_EPOCHS))

    @property
    def steps_per_epoch(self) -> int | None:
        return _positive(self.params.get(Param.STEPS_PER_EPOCH))

    @property
    def changed_ms(self) -> int:
        """When its newest metric was logged, or it ended; before, when it started."""
        times = [point.timestamp_ms for point in self.latest.values()]
        return max([*times, self.end_time_ms or self.start_time_ms or 0])

    def add_points(self, points: Iterable[LoggedPoint]) -> list[LoggedPoint]:
        """Add points; returns those that change the state."""
        return [point for point in points if self._add(point)]

    def _add(self, point: LoggedPoint) -> bool:
        newest = self.latest.get(point.name)
        is_newest = newest is None or _comes_after(point, newest)
        if is_newest:
            self.latest[point.name] = point
        if point.name.startswith(SYSTEM_METRIC_PREFIX):
            return is_newest
        self.last_step = point.step if self.last_step is None else max(self.last_step, point.step)
        return self._add_recent(point)

    def _add_recent(self, point: LoggedPoint) -> bool:
        at_step = self.recent.setdefault(point.step, {})
        known = at_step.get(point.name)
        if known is not None and not _comes_after(point, known):
            return False
        self._num_recent += known is None
        at_step[point.name] = point
        self._forget_oldest()
        return True

    def _forget_oldest(self) -> None:
        while len(self.recent) > RECENT_STEPS or (
            self._num_recent > RECENT_POINTS and len(self.recent) > 1
        ):
            self._num_recent -= len(self.recent.pop(min(self.recent)))


@dataclass(frozen=True)
class TrainingPosition:
    """The progress of a training; epochs and the steps within an epoch (`batch`) count from 1."""

    step: int | None
    epoch: int | None
    batch: int | None


def position_at(state: RunState, step: int | None) -> TrainingPosition:
    """The position of `step`; without steps_per_epoch, the metric `epoch` gives the epoch."""
    if step is None:
        return TrainingPosition(None, None, None)
    if state.steps_per_epoch is not None and step > 0:
        epoch, batch = divmod(step - 1, state.steps_per_epoch)
        return TrainingPosition(step, epoch + 1, batch + 1)
    logged = state.recent.get(step, {}).get(Metric.EPOCH) or state.latest.get(Metric.EPOCH)
    return TrainingPosition(step, _whole(logged), None)


def _whole(point: LoggedPoint | None) -> int | None:
    if point is None or not -1e15 < point.value < 1e15:
        return None
    return int(point.value)


def _comes_after(point: LoggedPoint, other: LoggedPoint) -> bool:
    """Compares in MLflow's order, in which the last of several points counts; NaN counts as 0."""
    if point.step != other.step:
        return point.step > other.step
    if point.timestamp_ms != other.timestamp_ms:
        return point.timestamp_ms > other.timestamp_ms
    value, other_value = (0.0 if isnan(each.value) else each.value for each in (point, other))
    return value > other_value


def _positive(text: str | None) -> int | None:
    try:
        number = int(text or "")
    except ValueError:
        return None
    return number if number > 0 else None


def latest_values(state: RunState) -> Mapping[str, float]:
    """The newest value of every metric, by its MLflow name."""
    return {name: point.value for name, point in state.latest.items()}
