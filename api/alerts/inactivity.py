"""Raises an alert for each run that is silent: the one rule that needs a clock, the server's own.

Whether a run is silent is decided in api.control.silence.
"""

import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial

from api.alerts.builtin import SILENCE
from api.alerts.last_writes import LastWrite, LastWrites, LastWriteStore
from api.alerts.records import Alert, Publish
from api.alerts.selections import AlertQuery
from api.alerts.silent_run import FoundRun, SilentRun, is_abandoned, silence_alert
from api.alerts.state_machine import AlertState
from api.alerts.store import AlertStore
from api.control.silence import is_silent, silence_limit_ms
from api.control.state import ControlState
from api.control.store import ControlStore
from api.errors import NotFoundError
from api.pages import Page
from api.runs.run_follower import RunFeed, RunFollower, RunListener
from api.runs.run_over import HeldRun, RunOver, end_of
from api.runs.source import RunQuery
from api.runs.state import RunState
from api.runs.workspaces import all_workspaces, within
from api.storage.database import in_database
from api.storage.lease import Lease
from api.storage.leased_worker import LeasedWorker
from api.timestamps import unix_ms
from tracking_plugin.events import (
    ArtifactLogged,
    MetricsLogged,
    ParamsLogged,
    RunCreated,
    RunEvent,
    RunRestored,
    RunUpdated,
    SystemMetricsLogged,
)
from tracking_plugin.mlflow_status import MlflowStatus

CHECK_INTERVAL_S = 10.0
NUM_RUNS = 1000
REMOVAL_INTERVAL_S = 3600.0
KEPT_MS = 7 * 24 * 3600 * 1000
"""The last write of a run that is not active any more is forgotten after this time."""

# The server and people write tags, so these are no sign of the life of a training.
_SIGNS_OF_LIFE = (
    ArtifactLogged,
    MetricsLogged,
    ParamsLogged,
    RunCreated,
    RunRestored,
    SystemMetricsLogged,
)


class InactivityAlerts(RunListener):
    """Only the process that holds the lease raises and resolves these alerts."""

    def __init__(
        self,
        store: AlertStore,
        last_writes: LastWriteStore,
        control: ControlStore,
        feed: RunFeed,
        lease: Lease,
        publish: Publish,
        *,
        silent_after_s: float,
    ) -> None:
        self._store = store
        self._last_writes = last_writes
        self._control = control
        self._reader = feed.reader
        self._publish = publish
        self._failures = feed.failures
        self._silent_after_s = silent_after_s
        self._follower = RunFollower(feed, self)
        interval_s = min(CHECK_INTERVAL_S, silent_after_s)
        self._worker = LeasedWorker(
            "Detecting inactive runs",
            self._check,
            interval_s=interval_s,
            lease=lease,
            # No run could log while no server was there: each gets time to come back.
            delay_s=interval_s,
        )
        self._writes = LastWrites()
        self._found: dict[str, FoundRun] = {}
        """The active runs, by id."""
        self._grace_s = float("-inf")
        """When events may have been lost: any run may have written until then; monotonic."""
        self._abandoned: set[str] = set()
        self._removed_s = time.monotonic()
        """When old writes were removed from the database, by the monotonic clock."""
        self._started_ms = unix_ms()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._worker.running(), self._follower.running():
            yield

    async def on_event(self, event: RunEvent) -> None:
        is_restart = isinstance(event, RunUpdated) and event.status == MlflowStatus.RUNNING
        if is_restart or isinstance(event, _SIGNS_OF_LIFE):
            self._writes.add(event.run_id, event.workspace, event.accepted_ms)

    async def on_run_over(self, over: RunOver) -> None:
        # The evaluator closes the alert. Its last write still counts for the runs above it.
        self._found.pop(over.run_id, None)

    def on_gap(self) -> None:
        self._grace_s = time.monotonic()

    def held_runs(self) -> Collection[HeldRun]:
        found = list(self._found.values())
        return [HeldRun(run_id=it.run_id, workspace=it.workspace) for it in found]

    async def _check(self) -> None:
        controlled = {state.run_id: state for state in await in_database(self._control.linked)}
        await self._save_writes(controlled)
        self._found = await in_database(self._active)
        silent: dict[str, SilentRun] = {}

        async def find(run_id: str) -> None:
            found = await in_database(partial(self._silent, run_id, controlled.get(run_id)))
            if found is not None:
                silent[run_id] = found

        suspects = {*controlled, *filter(self._is_quiet, self._found.keys() - controlled.keys())}
        await self._failures.each("Detecting inactivity", suspects, str, find)
        open_alerts = await in_database(self._open)
        kept: set[str] = set()

        async def settle(alert: Alert) -> None:
            if self._is_settled(alert, silent, controlled):
                resolve = partial(self._store.resolve, alert.alert_id, unix_ms())
                await self._publish(await in_database(resolve))
            else:
                kept.add(alert.run_id)

        await self._failures.each("Resolving inactivity", open_alerts, lambda it: it.run_id, settle)

        async def raise_alert(found: SilentRun) -> None:
            record = partial(self._store.raise_once, silence_alert(found, unix_ms()))
            await self._publish(await in_database(record))

        new = [found for run_id, found in silent.items() if run_id not in kept]
        await self._failures.each("Raising inactivity", new, lambda it: it.run.run_id, raise_alert)

    async def _save_writes(self, controlled: Mapping[str, ControlState]) -> None:
        """Count the signs of life for the runs above, and keep them over a restart."""
        now_ms, now_s = unix_ms(), time.monotonic()
        heartbeats = {
            run_id: LastWrite(
                workspace=state.workspace,
                at_s=now_s - max(0, now_ms - state.heartbeat_ms) / 1000,
                accepted_ms=state.heartbeat_ms,
            )
            for run_id, state in controlled.items()
            if state.heartbeat_ms is not None and not state.is_silent(now_ms)
        }
        writers = {**heartbeats, **self._writes.unsaved()}
        for workspace in {write.workspace for write in writers.values()}:
            of_workspace = {
                run_id: it for run_id, it in writers.items() if it.workspace == workspace
            }
            parents = partial(self._parents, workspace)
            await self._writes.count_for_parents(of_workspace, parents)
        if unsaved := self._writes.unsaved():
            await in_database(partial(self._last_writes.save, unsaved))
            self._writes.mark_saved(unsaved)
        if now_s - self._removed_s > REMOVAL_INTERVAL_S:
            before_ms, kept = now_ms - KEPT_MS, set(self._found)
            await in_database(partial(self._last_writes.remove_before, before_ms, kept))
            self._removed_s = now_s

    async def _parents(self, workspace: str | None, run_ids: Collection[str]) -> Mapping[str, str]:
        def read() -> Mapping[str, str]:
            with within(workspace):
                return self._reader.parents(run_ids)

        return await in_database(read)

    def _active(self) -> dict[str, FoundRun]:
        """The running runs; those that were found before keep the time at which they were."""
        found = {}
        for workspace in all_workspaces():
            with within(workspace):
                query = RunQuery(status=MlflowStatus.RUNNING)
                for run in self._reader.find_runs(query, Page(limit=NUM_RUNS)).entries:
                    run_id = run.state.run_id
                    found[run_id] = self._found.get(run_id) or FoundRun(
                        run_id=run_id,
                        workspace=workspace,
                        at_s=time.monotonic(),
                        at_ms=unix_ms(),
                    )
        return found

    def _is_quiet(self, run_id: str) -> bool:
        """Whether nothing was heard of an uncontrolled run for too long."""
        write = self._writes.get(run_id)
        last_s = max(
            self._grace_s, self._found[run_id].at_s, float("-inf") if write is None else write.at_s
        )
        limit_ms = self._limit_ms(is_controlled=False)
        return is_silent(1000 * last_s, 1000 * time.monotonic(), limit_ms=limit_ms)

    def _silent(self, run_id: str, controlled: ControlState | None) -> SilentRun | None:
        """The run, if it is silent: decided by its heartbeats if it is controlled."""
        if controlled is None:
            return self._silent_uncontrolled(self._found[run_id])
        if not controlled.is_silent(unix_ms()):
            return None
        run = self._running(run_id, controlled.workspace)
        return (
            None
            if run is None
            else SilentRun(
                run=run,
                workspace=controlled.workspace,
                last_sign_ms=controlled.heartbeat_ms or 0,
                limit_ms=self._limit_ms(is_controlled=True),
            )
        )

    def _silent_uncontrolled(self, found: FoundRun) -> SilentRun | None:
        write = self._writes.get(found.run_id)
        accepted_ms = (
            self._last_writes.accepted_ms([found.run_id]).get(found.run_id)
            if write is None
            else write.accepted_ms
        )
        if accepted_ms is None and found.run_id in self._abandoned:
            return None
        run = self._running(found.run_id, found.workspace)
        if run is None:
            return None
        if is_abandoned(run, accepted_ms, self._started_ms):
            self._abandoned.add(found.run_id)
            return None
        return SilentRun(
            run=run,
            workspace=found.workspace,
            last_sign_ms=found.at_ms if accepted_ms is None else accepted_ms,
            limit_ms=self._limit_ms(is_controlled=False),
        )

    def _limit_ms(self, *, is_controlled: bool) -> int:
        return silence_limit_ms(is_controlled=is_controlled, silent_after_s=self._silent_after_s)

    def _is_settled(
        self,
        alert: Alert,
        silent: Mapping[str, SilentRun],
        controlled: Mapping[str, ControlState],
    ) -> bool:
        """Whether the run of `alert` has ended, or shown a sign of life after the alert was raised."""
        if alert.run_id in controlled:
            again = silent.get(alert.run_id)
            return again is None or again.last_sign_ms > alert.began_step
        if alert.run_id not in self._found:
            return True
        write = self._writes.get(alert.run_id)
        return write is not None and write.accepted_ms > alert.began_ms

    def _running(self, run_id: str, workspace: str | None) -> RunState | None:
        """The run, unless it is over."""
        try:
            with within(workspace):
                run = self._reader.state(run_id, recent_steps=0)
        except NotFoundError:
            return None
        return None if end_of(run.mlflow_status, is_deleted=run.deleted) is not None else run

    def _open(self) -> list[Alert]:
        """The open alerts of this rule in all workspaces."""
        query = AlertQuery(rule=SILENCE, state=AlertState.FIRING)
        return [
            alert
            for workspace in all_workspaces()
            for alert in self._store.listed(workspace, query, Page(limit=NUM_RUNS)).entries
        ]
