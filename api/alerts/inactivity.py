"""Raises an alert for each run that is silent: the one rule that needs a clock.

Whether a run is silent is decided in api.control.silence.
"""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from api.alerts.builtin import SILENCE
from api.alerts.records import SILENCE_METRIC, Alert, Publish
from api.alerts.rules import RuleAction
from api.alerts.samples import Level
from api.alerts.selections import AlertQuery
from api.alerts.state_machine import AlertState
from api.alerts.store import AlertStore
from api.bus.follower import BusFollower
from api.bus.protocol import Bus
from api.control.silence import is_silent, silence_limit_ms
from api.control.state import ControlState
from api.control.store import ControlStore
from api.errors import NotFoundError
from api.pages import Page
from api.runs.reader import RunReader
from api.runs.source import RunQuery
from api.runs.state import RunState, position_at
from api.runs.workspaces import all_workspaces, within
from api.storage.database import in_database
from api.storage.lease import Lease
from api.storage.leased_worker import LeasedWorker
from api.timestamps import unix_ms
from tracking_plugin.events import MetricsLogged, RunEvent, SystemMetricsLogged
from tracking_plugin.mlflow_status import MlflowStatus

RECOMMENDATION = "Check that its process, its machine and the network to it are still there"

CHECK_INTERVAL_S = 10.0
NUM_RUNS = 1000
MAX_AGE_MS = 24 * 3600 * 1000
"""Runs whose last metric was older than this when the server started are taken for abandoned."""


@dataclass(frozen=True, kw_only=True)
class _SilentRun:
    """`last_sign_ms` is the time of the last sign of life; it identifies this silence of the run."""

    run: RunState
    workspace: str | None
    last_sign_ms: int
    limit_ms: int


class InactivityAlerts:
    """Only the process that holds the lease raises and resolves these alerts."""

    def __init__(
        self,
        store: AlertStore,
        control: ControlStore,
        reader: RunReader,
        bus: Bus,
        lease: Lease,
        publish: Publish,
        *,
        silent_after_s: float,
    ) -> None:
        self._store = store
        self._control = control
        self._reader = reader
        self._publish = publish
        self._silent_after_s = silent_after_s
        self._follower = BusFollower(bus, self._on_event, self._on_lost_events)
        interval_s = min(CHECK_INTERVAL_S, silent_after_s)
        self._worker = LeasedWorker(
            "Detecting inactive runs",
            self._check,
            interval_s=interval_s,
            lease=lease,
            # No run could log while no server was there: each gets time to come back.
            delay_s=interval_s,
        )
        self._last_sign_s: dict[str, float] = {}
        """When this process last received an event of an active run, or first found it; monotonic."""
        self._started_ms = unix_ms()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._worker.running(), self._follower.running():
            yield

    async def _on_event(self, event: RunEvent) -> None:
        if not isinstance(event, MetricsLogged | SystemMetricsLogged):
            return
        if event.run_id in self._last_sign_s:
            self._last_sign_s[event.run_id] = time.monotonic()

    def _on_lost_events(self) -> None:
        """Count a sign of life for every run: any of them may have logged in the lost events."""
        self._last_sign_s = dict.fromkeys(self._last_sign_s, time.monotonic())

    async def _check(self) -> None:
        active = await in_database(self._active)
        now_s = time.monotonic()
        self._last_sign_s = {run_id: self._last_sign_s.get(run_id, now_s) for run_id in active}
        controlled = {state.run_id: state for state in await in_database(self._control.linked)}
        silent = await in_database(partial(self._silent, active, controlled))
        open_alerts = await in_database(self._open)
        for alert in open_alerts:
            if (again := silent.get(alert.run_id)) is not None:
                last_sign_ms: int | None = again.last_sign_ms
            else:
                find = partial(self._last_sign_ms, alert, active, controlled)
                last_sign_ms = await in_database(find)
            if last_sign_ms is None or last_sign_ms > alert.began_step:
                resolve = partial(self._store.resolve, alert.alert_id, unix_ms())
                await self._publish(await in_database(resolve))
        known = {(alert.run_id, alert.began_step) for alert in open_alerts}
        for run_id, each in silent.items():
            if (run_id, each.last_sign_ms) not in known:
                raise_alert = partial(self._store.raise_once, _alert(each))
                await self._publish(await in_database(raise_alert))

    def _active(self) -> Mapping[str, str | None]:
        """The running runs and their workspaces."""
        found = {}
        for workspace in all_workspaces():
            with within(workspace):
                query = RunQuery(status=MlflowStatus.RUNNING)
                for run in self._reader.find_runs(query, Page(limit=NUM_RUNS)).entries:
                    found[run.state.run_id] = workspace
        return found

    def _silent(
        self, active: Mapping[str, str | None], controlled: Mapping[str, ControlState]
    ) -> dict[str, _SilentRun]:
        found = [
            *(self._silent_controlled(state) for state in controlled.values()),
            *(
                self._silent_uncontrolled(run_id, workspace)
                for run_id, workspace in active.items()
                if run_id not in controlled
            ),
        ]
        return {silent.run.run_id: silent for silent in found if silent is not None}

    def _silent_controlled(self, state: ControlState) -> _SilentRun | None:
        if not state.is_silent(unix_ms()):
            return None
        run = self._state(state.run_id, state.workspace)
        if run is None:
            return None
        return _SilentRun(
            run=run,
            workspace=state.workspace,
            last_sign_ms=state.heartbeat_ms or 0,
            limit_ms=self._limit_ms(is_controlled=True),
        )

    def _silent_uncontrolled(self, run_id: str, workspace: str | None) -> _SilentRun | None:
        limit_ms = self._limit_ms(is_controlled=False)
        last_sign_ms = 1000 * self._last_sign_s[run_id]
        if not is_silent(last_sign_ms, 1000 * time.monotonic(), limit_ms=limit_ms):
            return None
        run = self._state(run_id, workspace)
        logged_ms = None if run is None else _last_logged_ms(run)
        if run is None or logged_ms is None or logged_ms <= self._started_ms - MAX_AGE_MS:
            return None
        return _SilentRun(run=run, workspace=workspace, last_sign_ms=logged_ms, limit_ms=limit_ms)

    def _limit_ms(self, *, is_controlled: bool) -> int:
        return silence_limit_ms(is_controlled=is_controlled, silent_after_s=self._silent_after_s)

    def _last_sign_ms(
        self,
        alert: Alert,
        active: Mapping[str, str | None],
        controlled: Mapping[str, ControlState],
    ) -> int | None:
        """The last sign of life of the run of `alert`; None if the run has ended."""
        if alert.run_id in controlled:
            return controlled[alert.run_id].heartbeat_ms
        if alert.run_id not in active:
            return None
        run = self._state(alert.run_id, alert.workspace)
        return None if run is None else _last_logged_ms(run)

    def _state(self, run_id: str, workspace: str | None) -> RunState | None:
        try:
            with within(workspace):
                return self._reader.state(run_id, recent_steps=0)
        except NotFoundError:
            return None

    def _open(self) -> list[Alert]:
        """The open alerts of this rule in all workspaces."""
        query = AlertQuery(rule=SILENCE, state=AlertState.FIRING)
        return [
            alert
            for workspace in all_workspaces()
            for alert in self._store.listed(workspace, query, Page(limit=NUM_RUNS)).entries
        ]


def _last_logged_ms(run: RunState) -> int | None:
    """The time of the newest metric, by the clock of its client; without metrics, the run's start."""
    logged = (point.timestamp_ms for point in run.latest.values())
    return max(logged, default=run.start_time_ms)


def _alert(silent: _SilentRun) -> Alert:
    run = silent.run
    position = position_at(run, run.last_step or 0)
    now_ms = unix_ms()
    return Alert(
        alert_id=uuid4().hex,
        run_id=run.run_id,
        workspace=silent.workspace,
        rule=SILENCE,
        metric=SILENCE_METRIC,
        began_step=silent.last_sign_ms,
        state=AlertState.FIRING,
        level=Level.WARNING,
        step=run.last_step or 0,
        value=max(0, now_ms - silent.last_sign_ms) / 1000,
        threshold=silent.limit_ms / 1000,
        support=None,
        interval=None,
        is_insufficient=False,
        epoch=position.epoch,
        batch=position.batch,
        recommendation=RECOMMENDATION,
        action=RuleAction.NONE,
        began_ms=now_ms,
        changed_ms=now_ms,
    )
