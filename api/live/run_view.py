"""The live view of one run: applies its events and turns them into messages."""

from collections.abc import Iterable, Mapping
from functools import singledispatchmethod

from pydantic import TypeAdapter

from api.alerts.schemas import CriticalAlert
from api.control.instruction_schemas import InstructionEntry
from api.jobs.log_lines import LogLine, log_level
from api.live import metric_parts
from api.live.messages import (
    ArtifactUpdate,
    CommandMessage,
    CriticalAlertMessage,
    InitialState,
    InitialStatePage,
    LogMessage,
    MetricsUpdate,
    RunMessage,
    StatusUpdate,
    SystemUpdate,
)
from api.runs.critical_thresholds import critical_thresholds, has_thresholds
from api.runs.metric_values import finite
from api.runs.metrics_data import Nesting, nest
from api.runs.schemas import MetricPoint, MetricsData, MetricsSnapshot
from api.runs.state import RunState, latest_values, position_at
from api.runs.status import training_status
from api.runs.system_metrics import system_metrics
from api.timestamps import utc
from tracking_plugin import events
from tracking_plugin.critical_conditions import THRESHOLD_PARAMS
from tracking_plugin.names import Param

HISTORY_STEPS = 100
HISTORY_BYTES = 256 * 1024
"""About the size of the metrics in the history that are in maps."""

STATUS_INTERVAL_MS = 1000

# Validating all points together takes a third of the time of validating each.
_points_of = TypeAdapter(list[MetricPoint])


class RunView:
    """The state of a run, updated by its events; not thread-safe."""

    def __init__(self, state: RunState, *, is_whole: bool, workspace: str | None = None) -> None:
        self.state = state
        self.workspace = workspace
        self.is_whole = is_whole
        """Whether the state was read from the store, and not only built from events."""
        self.last_update: int | None = None
        """Offset of the newest metrics_update."""
        self._sent_status: tuple[int | None, int] = (None, 0)
        self._thresholds = critical_thresholds(state.params)
        self._nesting = Nesting(self._thresholds)
        self._nesting.update(latest_values(state))
        self._machine = system_metrics(state.latest)

    def initial_state(
        self, epoch: str, offset: int, now_ms: int, *, recovered: bool | None
    ) -> InitialState:
        """The first message: the present state, without history if the client recovered and knows it."""
        pages = self._metric_pages()
        return InitialState(
            run_id=self.state.run_id,
            offset=offset,
            timestamp=utc(now_ms),
            epoch=epoch,
            recovered=recovered,
            status=training_status(self.state, now_ms),
            metrics=pages[0],
            history=[] if recovered else self._history(),
            system=self._machine,
            num_pages=len(pages),
        )

    def initial_state_pages(self, offset: int, now_ms: int) -> list[InitialStatePage]:
        """The messages after the first one, if the run has so many metrics."""
        _, *others = pages = self._metric_pages()
        return [
            InitialStatePage(
                run_id=self.state.run_id,
                offset=offset,
                timestamp=utc(now_ms),
                page=number,
                num_pages=len(pages),
                metrics=page,
            )
            for number, page in enumerate(others, 2)
        ]

    def status_update(self, offset: int, now_ms: int) -> StatusUpdate:
        return StatusUpdate(
            run_id=self.state.run_id,
            offset=offset,
            timestamp=utc(now_ms),
            status=training_status(self.state, now_ms),
        )

    def due_status(self, offset: int, now_ms: int) -> StatusUpdate | None:
        """The status, if the last one was sent a second ago or in another epoch; else None."""
        epoch = position_at(self.state, self.state.last_step).epoch
        sent_epoch, sent_ms = self._sent_status
        if epoch == sent_epoch and abs(now_ms - sent_ms) < STATUS_INTERVAL_MS:
            return None
        self._sent_status = (epoch, now_ms)
        return self.status_update(offset, now_ms)

    @singledispatchmethod
    def apply(self, event: events.RunEvent, offset: int) -> RunMessage | None:
        """Update the state; returns the message to send, or None if nothing visible changed."""
        raise NotImplementedError(type(event).__name__)

    @apply.register
    def _(self, event: events.RunCreated, offset: int) -> RunMessage | None:
        state = self.state
        state.experiment_id, state.run_name = event.experiment_id, event.run_name
        state.mlflow_status, state.start_time_ms = event.status, event.start_time_ms
        state.tags.update(event.tags)
        return self.status_update(offset, event.accepted_ms)

    @apply.register
    def _(self, event: events.RunUpdated, offset: int) -> RunMessage | None:
        self.state.mlflow_status = event.status or self.state.mlflow_status
        self.state.end_time_ms = event.end_time_ms or self.state.end_time_ms
        self.state.run_name = event.run_name or self.state.run_name
        return self.status_update(offset, event.accepted_ms)

    @apply.register
    def _(self, event: events.RunDeleted, offset: int) -> RunMessage | None:
        self.state.deleted = True
        return self.status_update(offset, event.accepted_ms)

    @apply.register
    def _(self, event: events.RunRestored, offset: int) -> RunMessage | None:
        self.state.deleted = False
        return self.status_update(offset, event.accepted_ms)

    @apply.register
    def _(self, event: events.TagsChanged, offset: int) -> RunMessage | None:
        before = self.status_update(offset, event.accepted_ms)
        for key, value in event.tags.items():
            if value is None:
                self.state.tags.pop(key, None)
            else:
                self.state.tags[key] = value
        if run_name := event.tags.get("mlflow.runName"):
            self.state.run_name = run_name
        after = self.status_update(offset, event.accepted_ms)
        return after if after != before else None

    @apply.register
    def _(self, event: events.ParamsLogged, offset: int) -> RunMessage | None:
        known = [str(name) for name in (*Param, *THRESHOLD_PARAMS) if name in event.params]
        self.state.params.update({name: event.params[name] for name in known})
        if has_thresholds(known):
            self._thresholds = critical_thresholds(self.state.params)
            self._nesting = Nesting(self._thresholds)
            self._nesting.update(latest_values(self.state))
        return self.status_update(offset, event.accepted_ms) if known else None

    @apply.register
    def _(self, event: events.MetricsLogged, offset: int) -> RunMessage | None:
        self._add(event.points)
        position = position_at(self.state, self.state.last_step)
        previous, self.last_update = self.last_update, offset
        return MetricsUpdate(
            run_id=self.state.run_id,
            offset=offset,
            timestamp=utc(event.accepted_ms),
            epoch=position.epoch,
            batch=position.batch,
            total_batches=self.state.steps_per_epoch,
            step=position.step,
            metrics=metric_parts.changed(
                self._nesting.data, {point.name: None for point in event.points}
            ),
            points=_points(event.points),
            previous=previous,
            system=self._machine,
        )

    @apply.register
    def _(self, event: events.SystemMetricsLogged, offset: int) -> RunMessage | None:
        self._add(event.points)
        machine = self._machine = system_metrics(self.state.latest)
        return SystemUpdate(
            run_id=self.state.run_id,
            offset=offset,
            timestamp=utc(event.accepted_ms),
            cpu_usage=machine.cpu_usage,
            ram_usage=machine.ram_usage,
            gpu=machine.gpu,
            points=_points(event.points),
        )

    @apply.register
    def _(self, event: events.ArtifactLogged, offset: int) -> RunMessage | None:
        return ArtifactUpdate(
            run_id=self.state.run_id,
            offset=offset,
            timestamp=utc(event.accepted_ms),
            path=event.path,
        )

    @apply.register
    def _(self, event: events.LogLines, offset: int) -> RunMessage | None:
        return LogMessage(
            run_id=self.state.run_id,
            offset=offset,
            timestamp=utc(event.accepted_ms),
            lines=[LogLine(level=log_level(line), message=line) for line in event.lines],
        )

    @apply.register
    def _(self, event: events.AlertChanged, offset: int) -> RunMessage | None:
        return CriticalAlertMessage(
            run_id=self.state.run_id,
            offset=offset,
            timestamp=utc(event.accepted_ms),
            alert=CriticalAlert.model_validate_json(event.alert),
        )

    @apply.register
    def _(self, event: events.InstructionChanged, offset: int) -> RunMessage | None:
        return CommandMessage(
            run_id=self.state.run_id,
            offset=offset,
            timestamp=utc(event.accepted_ms),
            command=InstructionEntry.model_validate_json(event.instruction),
        )

    def _add(self, points: Iterable[events.LoggedPoint]) -> None:
        names = {point.name for point in points}
        self.state.add_points(points)
        self._nesting.update({name: self.state.latest[name].value for name in names})

    def _metric_pages(self) -> list[MetricsData]:
        return metric_parts.pages(self._nesting.data)

    def _history(self) -> list[MetricsSnapshot]:
        newest = sorted(self.state.recent, reverse=True)[:HISTORY_STEPS]
        snapshots, left_bytes = [], HISTORY_BYTES
        for step in newest:
            found = snapshot(self.state, step, self._thresholds)
            left_bytes -= metric_parts.size_bytes(found.metrics)
            if left_bytes < 0:
                found.metrics = metric_parts.without_maps(found.metrics)
            snapshots.append(found)
        return snapshots[::-1]


def snapshot(state: RunState, step: int, thresholds: Mapping[str, float]) -> MetricsSnapshot:
    """The values logged at `step`."""
    points = state.recent[step]
    position = position_at(state, step)
    return MetricsSnapshot(
        step=step,
        epoch=position.epoch,
        batch=position.batch,
        metrics=nest({name: point.value for name, point in points.items()}, thresholds),
        timestamp=utc(max(point.timestamp_ms for point in points.values())),
    )


def _points(points: Iterable[events.LoggedPoint]) -> list[MetricPoint]:
    return _points_of.validate_python([_fields(point) for point in points])


def _fields(point: events.LoggedPoint) -> dict[str, object]:
    value, not_finite = finite(point.value)
    return {
        "metric": point.name,
        "value": value,
        "not_finite": not_finite,
        "step": point.step,
        "timestamp": utc(point.timestamp_ms),
    }
