"""Raises an alert for each run that should be heard of and is not: the one rule that needs a clock.

A run that listens to the server sends heartbeats; of another, every metric is a sign of life.
"""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from api.alerts.builtin import SILENCE
from api.alerts.evaluator import Tell
from api.alerts.records import SILENCE_METRIC, Alert
from api.alerts.rules import RuleAction
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from api.alerts.store import AlertQuery, AlertStore
from api.bus.follower import BusFollower
from api.bus.protocol import Bus
from api.control.state import SILENT_AFTER_MS, ControlState
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

RECOMMENDATION = "Look whether its process, its machine and the network to it are still there"

LOOK_INTERVAL_S = 10.0
NUM_RUNS = 1000
LONG_AGO_MS = 24 * 3600 * 1000
"""Runs that logged their last so long before the server first looked were given up by somebody."""


@dataclass(frozen=True, kw_only=True)
class _Silent:
    """`heard_ms` is when the run was last heard of, and with that, which silence it is."""

    run: RunState
    workspace: str | None
    heard_ms: int
    after_ms: int


class InactivityAlerts:
    """Of a server's processes one looks, the holder of the lease."""

    def __init__(
        self,
        store: AlertStore,
        control: ControlStore,
        reader: RunReader,
        bus: Bus,
        lease: Lease,
        tell: Tell,
        *,
        after_s: float,
    ) -> None:
        self._store = store
        self._control = control
        self._reader = reader
        self._tell = tell
        self._after_s = after_s
        self._follower = BusFollower(bus, self._hear, self._miss_something)
        interval_s = min(LOOK_INTERVAL_S, after_s)
        self._worker = LeasedWorker(
            "Detecting inactive runs",
            self._look,
            interval_s=interval_s,
            lease=lease,
            # No run could be heard while no server was there: each gets time to come back.
            delay_s=interval_s,
        )
        self._heard_s: dict[str, float] = {}
        """By active run, when this process last heard of it or first saw it, by its own clock."""
        self._began_ms = unix_ms()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._worker.running(), self._follower.running():
            yield

    async def _hear(self, event: RunEvent) -> None:
        if not isinstance(event, MetricsLogged | SystemMetricsLogged):
            return
        if event.run_id in self._heard_s:
            self._heard_s[event.run_id] = time.monotonic()

    def _miss_something(self) -> None:
        """All may have been heard of."""
        self._heard_s = dict.fromkeys(self._heard_s, time.monotonic())

    async def _look(self) -> None:
        active = await in_database(self._active)
        now_s = time.monotonic()
        self._heard_s = {run_id: self._heard_s.get(run_id, now_s) for run_id in active}
        linked = {state.run_id: state for state in await in_database(self._control.linked)}
        silent = await in_database(partial(self._silent, active, linked))
        open_alerts = await in_database(self._open)
        for alert in open_alerts:
            if (again := silent.get(alert.run_id)) is not None:
                heard_ms: int | None = again.heard_ms
            else:
                heard_ms = await in_database(partial(self._heard_ms, alert, active, linked))
            if heard_ms is None or heard_ms > alert.began_step:
                resolve = partial(self._store.resolve, alert.alert_id, unix_ms())
                await self._tell(await in_database(resolve))
        known = {(alert.run_id, alert.began_step) for alert in open_alerts}
        for run_id, each in silent.items():
            if (run_id, each.heard_ms) not in known:
                raised = partial(self._store.raise_once, _alert(each))
                await self._tell(await in_database(raised))

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
        self, active: Mapping[str, str | None], linked: Mapping[str, ControlState]
    ) -> dict[str, _Silent]:
        now_ms, now_s = unix_ms(), time.monotonic()
        silent = {}
        for control in linked.values():
            if control.is_silent(now_ms):
                run = self._state(control.run_id, control.workspace)
                if run is not None:
                    silent[control.run_id] = _Silent(
                        run=run,
                        workspace=control.workspace,
                        heard_ms=control.heartbeat_ms or 0,
                        after_ms=SILENT_AFTER_MS,
                    )
        for run_id, workspace in active.items():
            if run_id in linked or now_s - self._heard_s[run_id] < self._after_s:
                continue
            run = self._state(run_id, workspace)
            heard_ms = None if run is None else _last_logged_ms(run)
            if run is None or heard_ms is None or heard_ms <= self._began_ms - LONG_AGO_MS:
                continue
            silent[run_id] = _Silent(
                run=run,
                workspace=workspace,
                heard_ms=heard_ms,
                after_ms=int(self._after_s * 1000),
            )
        return silent

    def _heard_ms(
        self,
        alert: Alert,
        active: Mapping[str, str | None],
        linked: Mapping[str, ControlState],
    ) -> int | None:
        """When the run of `alert` was last heard of; None where that has ended."""
        if alert.run_id in linked:
            return linked[alert.run_id].heartbeat_ms
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
        """Of this rule, in all workspaces."""
        query = AlertQuery(rule=SILENCE, state=AlertState.FIRING)
        return [
            alert
            for workspace in all_workspaces()
            for alert in self._store.listed(workspace, query, Page(limit=NUM_RUNS)).entries
        ]


def _last_logged_ms(run: RunState) -> int | None:
    """By the clock of whoever logged; of a run without metrics, its start."""
    logged = (point.timestamp_ms for point in run.latest.values())
    return max(logged, default=run.start_time_ms)


def _alert(silent: _Silent) -> Alert:
    run = silent.run
    position = position_at(run, run.last_step or 0)
    now_ms = unix_ms()
    return Alert(
        alert_id=uuid4().hex,
        run_id=run.run_id,
        workspace=silent.workspace,
        rule=SILENCE,
        metric=SILENCE_METRIC,
        began_step=silent.heard_ms,
        state=AlertState.FIRING,
        level=Level.WARNING,
        step=run.last_step or 0,
        value=max(0, now_ms - silent.heard_ms) / 1000,
        threshold=silent.after_ms / 1000,
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
