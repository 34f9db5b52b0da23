"""The state of a watched run, updated by each message of its live stream."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from api.cli.curves import Curves
from api.client.live import Link
from api.jobs.log_lines import LogLine
from api.live import metric_parts
from api.live.messages import (
    InitialState,
    InitialStatePage,
    LogMessage,
    MetricsUpdate,
    ServerMessage,
    StatusUpdate,
    SystemUpdate,
)
from api.runs.schemas import MetricPoint, MetricsData, SystemMetrics, TrainingStatus
from tracking_plugin.mlflow_status import ENDED_STATUSES
from tracking_plugin.names import RunStatus

_ADVANCING_STATUSES = (RunStatus.TRAINING, RunStatus.STARTING, RunStatus.RESUMING)
_NUM_PACE_STEPS = 50
_NUM_LOG_LINES = 100


@dataclass
class WatchedRun:
    """The newest values of everything; `link` tells whether they are live."""

    status: TrainingStatus = field(default_factory=TrainingStatus)
    metrics: MetricsData = field(default_factory=MetricsData)
    system: SystemMetrics = field(default_factory=SystemMetrics)
    curves: Curves = field(default_factory=Curves)
    logs: deque[LogLine] = field(default_factory=lambda: deque(maxlen=_NUM_LOG_LINES))
    """The newest lines that its job has printed since the stream was opened, oldest first."""
    link: Link | None = None
    received_at: datetime | None = None
    """The time of the newest message, by this machine's clock."""
    has_gap: bool = False
    """Whether updates were dropped because this reader was too slow."""
    _updated_until: int = 0
    _is_pace_of_history: bool = False
    _pace: deque[tuple[int, datetime]] = field(
        default_factory=lambda: deque(maxlen=_NUM_PACE_STEPS)
    )

    @property
    def has_ended(self) -> bool:
        return self.status.deleted or self.status.status in ENDED_STATUSES

    @property
    def share_done(self) -> float | None:
        """From 0 to 1; None if the length of the run is unknown."""
        status = self.status
        if status.total_epochs is None:
            return None
        if status.total_batches is not None and status.step is not None:
            return min(1.0, status.step / (status.total_epochs * status.total_batches))
        return None if status.epoch is None else min(1.0, status.epoch / status.total_epochs)

    def elapsed_s(self, now: datetime) -> float | None:
        """Seconds since the run started; does not advance after its end or while the link is lost."""
        elapsed_s = self.status.elapsed_time
        is_live = self.link is not None and self.link.is_live
        if elapsed_s is None or self.received_at is None or self.has_ended or not is_live:
            return elapsed_s
        return elapsed_s + max(0.0, (now - self.received_at).total_seconds())

    def eta_s(self) -> float | None:
        """Remaining seconds at the pace of the newest steps, which includes evaluations."""
        status = self.status
        if status.status not in _ADVANCING_STATUSES:
            return None
        if status.total_epochs is None or status.total_batches is None or len(self._pace) < 2:
            return status.eta_seconds
        (first, first_at), (last, last_at) = self._pace[0], self._pace[-1]
        num_left = max(0, status.total_epochs * status.total_batches - last)
        return num_left * max(0.0, (last_at - first_at).total_seconds()) / (last - first)

    def apply(self, message: ServerMessage, now: datetime) -> None:
        """Update the state by a message that was received at `now`."""
        if isinstance(message, InitialState):
            self._reset(message)
        elif isinstance(message, InitialStatePage):
            metric_parts.merge_page(self.metrics, message.metrics)
        elif isinstance(message, MetricsUpdate):
            self._update(message, now)
        elif isinstance(message, StatusUpdate):
            self._set_status(message.status)
        elif isinstance(message, LogMessage):
            self.logs.extend(message.lines)
        elif isinstance(message, SystemUpdate):
            self.system = SystemMetrics(
                cpu_usage=message.cpu_usage, ram_usage=message.ram_usage, gpu=message.gpu
            )
        self.received_at = now

    def add_history(self, points: Iterable[MetricPoint]) -> None:
        """Add points that were logged before the stream was opened."""
        for point in points:
            self.curves.add(point.metric, point.step, point.value)

    def _reset(self, state: InitialState) -> None:
        self.curves.clear()
        self._pace.clear()
        self.has_gap, self._updated_until = False, state.offset
        self.metrics, self.system, self.status = state.metrics, state.system, state.status
        for snapshot in state.history:
            self._record_pace(snapshot.step, snapshot.timestamp)
        self._is_pace_of_history = bool(self._pace)

    def _update(self, update: MetricsUpdate, now: datetime) -> None:
        self.has_gap |= (update.previous or 0) > self._updated_until
        self._updated_until = update.offset
        self.metrics = metric_parts.merge_update(
            self.metrics, update.metrics, [point.metric for point in update.points]
        )
        self.system = update.system
        self.add_history(update.points)
        if self._is_pace_of_history:
            # Its times are those of the run's machine, whose clock may differ from the server's.
            self._pace.clear()
            self._is_pace_of_history = False
        self._record_pace(update.step, update.timestamp)
        progress = {
            "epoch": update.epoch,
            "batch": update.batch,
            "step": update.step,
            "total_batches": update.total_batches,
            "elapsed_time": self.elapsed_s(now),
        }
        known = {name: value for name, value in progress.items() if value is not None}
        self._set_status(self.status.model_copy(update=known))

    def _set_status(self, status: TrainingStatus) -> None:
        if status.status != self.status.status:
            # The pace before a pause does not predict the steps after it.
            self._pace.clear()
        self.status = status

    def _record_pace(self, step: int | None, logged_at: datetime) -> None:
        if step is not None and (not self._pace or step > self._pace[-1][0]):
            self._pace.append((step, logged_at))
