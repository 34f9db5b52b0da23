"""Evaluates the rules while runs are logged, and makes up for whatever it did not see.

Of a server's processes one does it, the holder of the lease. What MLflow has is the truth: a series that
was not followed from its beginning, or whose points came out of order, is read and evaluated as a whole.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from mlflow.exceptions import MlflowException

from api.alerts.builtin import rules_of_run
from api.alerts.evaluation_queue import EvaluationQueue
from api.alerts.live_series import LiveSeries
from api.alerts.records import RecordedChange
from api.alerts.rule_file import RuleFile
from api.alerts.run_series import RunSeries, WrittenPoints
from api.alerts.state_machine import Evaluation
from api.alerts.store import AlertStore
from api.alerts.whole_series import evaluate_whole
from api.bus.follower import BusFollower
from api.bus.protocol import Bus
from api.errors import ApiError, NotFoundError, UnavailableError
from api.pages import Page
from api.runs.metrics_data import critical_thresholds
from api.runs.reader import RunReader
from api.runs.source import RunQuery
from api.runs.workspaces import all_workspaces, within
from api.storage.database import in_database
from api.storage.lease import Lease
from api.timestamps import unix_ms
from tracking_plugin.events import (
    MetricsLogged,
    ParamsLogged,
    RunDeleted,
    RunEvent,
    SystemMetricsLogged,
)
from tracking_plugin.mlflow_status import ACTIVE_STATUSES, MlflowStatus
from tracking_plugin.names import Param

logger = logging.getLogger(__name__)

LEASE_INTERVAL_S = 2.0
SWEEP_INTERVAL_S = 30.0
LATE_PAUSE_S = 0.3
"""What belongs together often comes in several writes."""

RETRY_PAUSE_S = 5.0
NUM_LOOKS_AT_ONCE = 3
"""So that a run with millions of values does not hold up what others have to say."""

EVALUATION_DEADLINE_S = 600.0
"""For a series of millions of values."""

LOOKED_BACK_MS = 60_000
NUM_RUNS = 1000
"""Runs that are followed from memory at once, and that a sweep looks at."""

Tell = Callable[[Sequence[RecordedChange]], Awaitable[None]]


class AlertEvaluator:
    """`tell` gets each change of an alert once it is on record."""

    def __init__(
        self,
        file: RuleFile,
        store: AlertStore,
        reader: RunReader,
        bus: Bus,
        lease: Lease,
        tell: Tell,
    ) -> None:
        self._file = file
        self._store = store
        self._reader = reader
        self._lease = lease
        self._tell = tell
        self._follower = BusFollower(bus, self._take, self._miss_something)
        self._runs: OrderedDict[str, RunSeries] = OrderedDict()
        self._looks = EvaluationQueue()
        self._has_missed = asyncio.Event()
        self._is_ours = False
        self._began_ms = unix_ms()
        self._swept_ms: int | None = None
        """When the last look at all runs began that came to its end."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._look()) for _ in range(NUM_LOOKS_AT_ONCE)]
        tasks.append(asyncio.create_task(self._sweep()))
        try:
            async with self._follower.running():
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(UnavailableError):
                await self._lease.give_up()

    async def _take(self, event: RunEvent) -> None:
        if not self._is_ours:
            return
        if isinstance(event, MetricsLogged | SystemMetricsLogged):
            await self._measure(event)
        elif isinstance(event, ParamsLogged) and Param.CRITICAL_THRESHOLDS in event.params:
            # Its floors are others now.
            await self._follow_anew(event.run_id, event.workspace)
        elif isinstance(event, RunDeleted):
            self._runs.pop(event.run_id, None)

    async def _measure(self, event: MetricsLogged | SystemMetricsLogged) -> None:
        try:
            run = await self._run(event.run_id, event.workspace)
        except NotFoundError:
            return
        written = WrittenPoints.of(event.points)
        for series in [series for name in written.metrics for series in run.series_of(name)]:
            taken = written.samples(series.watch)
            if taken is None:
                series.forget()
                self._looks.put(series, LATE_PAUSE_S)
            else:
                await self._carry_on(series, run, series.take(taken))
        for series in [series for name in written.metrics for series in run.supported_by(name)]:
            if series.watch.metric not in written.metrics:
                series.forget()
                self._looks.put(series, LATE_PAUSE_S)

    async def _carry_on(
        self, series: LiveSeries, run: RunSeries, changes: Sequence[Evaluation] | None
    ) -> None:
        """With what a series says of new points."""
        if changes is None:
            # Where it is being looked at, the points wait for that.
            if not self._looks.is_taken(series):
                self._looks.put(series, 0.0)
            return
        if not changes:
            return
        try:
            news = await in_database(
                partial(self._store.advance, series.watch, changes, run.position, unix_ms())
            )
        except ApiError as error:
            logger.warning("An alert waits for the database (%s)", type(error).__name__)
            series.forget()
            self._looks.put(series, RETRY_PAUSE_S)
            return
        try:
            await self._tell(news)
        except (ApiError, MlflowException) as error:
            # It is on record as unpublished, and the other series of the write wait.
            logger.warning("An alert is to be told again (%s)", type(error).__name__)

    async def _run(self, run_id: str, workspace: str | None) -> RunSeries:
        """NotFoundError."""
        run = self._runs.get(run_id)
        if run is None:
            run = await in_database(partial(self._read_run, run_id, workspace))
            self._runs[run_id] = run
            if len(self._runs) > NUM_RUNS:
                self._runs.popitem(last=False)
        self._runs.move_to_end(run_id)
        return run

    def _read_run(self, run_id: str, workspace: str | None) -> RunSeries:
        with within(workspace):
            state = self._reader.state(run_id, recent_steps=0)
        rules = rules_of_run(self._file, critical_thresholds(state.params))
        return RunSeries(state, workspace, rules)

    async def _follow_anew(self, run_id: str, workspace: str | None) -> None:
        before = self._runs.pop(run_id, None)
        if before is not None:
            run = await self._run(run_id, workspace)
            for metric in {series.watch.metric for series in before.all_series}:
                for series in run.series_of(metric):
                    self._looks.put(series, LATE_PAUSE_S)

    async def _look(self) -> None:
        """Evaluate whole series, one after the other."""
        while True:
            series = await self._looks.take()
            try:
                await self._evaluate(series)
            except NotFoundError:
                self._runs.pop(series.watch.run_id, None)
            except (ApiError, MlflowException) as error:
                logger.warning("A rule waits for a store (%s)", type(error).__name__)
                self._looks.put(series, RETRY_PAUSE_S)
            except Exception:
                logger.exception("The rule %s could not be evaluated", series.watch.rule.name)
            finally:
                self._looks.done(series)

    async def _evaluate(self, series: LiveSeries) -> None:
        watch = series.watch
        run = await self._run(watch.run_id, watch.workspace)
        # What comes from here on waits: taken in order, it would be unknown to what the store has now.
        series.forget()
        async with asyncio.timeout(EVALUATION_DEADLINE_S):
            found, newest = await asyncio.to_thread(evaluate_whole, self._reader, watch)
        news = await in_database(
            partial(self._store.reconcile, watch, found, run.position, unix_ms())
        )
        await self._tell(news)
        changes = series.restart(newest)
        self._looks.done(series)
        await self._carry_on(series, run, changes)

    def _miss_something(self) -> None:
        self._has_missed.set()

    async def _sweep(self) -> None:
        """Look for what was logged while nobody evaluated it, and tell what was not told."""
        swept = float("-inf")
        while True:
            try:
                was_ours, self._is_ours = self._is_ours, await self._lease.held()
                if self._is_ours and not was_ours:
                    self._runs.clear()
                is_time = time.monotonic() - swept > SWEEP_INTERVAL_S
                if self._is_ours and (not was_ours or self._has_missed.is_set() or is_time):
                    is_thorough = not was_ours or self._has_missed.is_set()
                    self._has_missed.clear()
                    swept, began_ms = time.monotonic(), unix_ms()
                    await self._catch_up(is_thorough=is_thorough)
                    self._swept_ms = began_ms
                if self._is_ours:
                    await self._tell_again()
            except (ApiError, MlflowException) as error:
                self._is_ours = False
                logger.warning("Alerts wait for a store (%s)", type(error).__name__)
            except Exception:
                logger.exception("Looking for missed alerts failed: the next look is in a moment")
            with suppress(TimeoutError):
                async with asyncio.timeout(LEASE_INTERVAL_S):
                    await self._has_missed.wait()

    async def _tell_again(self) -> None:
        before_ms = unix_ms() - int(RETRY_PAUSE_S * 1000)
        await self._tell(await in_database(partial(self._store.unpublished, before_ms)))

    async def _catch_up(self, *, is_thorough: bool) -> None:
        """All of each run that may have been missed, or what is newer than is known."""
        missable = await in_database(self._missable)
        # The others have ended, and have been looked at since.
        for run_id in self._runs.keys() - {run_id for run_id, _ in missable}:
            del self._runs[run_id]
        for run_id, workspace in missable:
            with suppress(NotFoundError):
                await self._compare(run_id, workspace, is_thorough=is_thorough)

    async def _compare(self, run_id: str, workspace: str | None, *, is_thorough: bool) -> None:
        run = await self._run(run_id, workspace)
        latest = await in_database(partial(self._latest_steps, run_id, workspace))
        for metric, step in latest.items():
            for series in run.series_of(metric):
                is_behind = series.last_step is None or series.last_step < step
                if (is_thorough or is_behind) and not self._looks.waits(series):
                    self._looks.put(series, 0.0)

    def _latest_steps(self, run_id: str, workspace: str | None) -> dict[str, int]:
        with within(workspace):
            state = self._reader.state(run_id, recent_steps=0)
        return {name: point.step for name, point in state.latest.items()}

    def _missable(self) -> list[tuple[str, str | None]]:
        """Runs that are active, and those that have ended since somebody last looked."""
        looked_ms = self._swept_ms or self._lease.left_ms or self._began_ms
        missable = []
        for workspace in all_workspaces():
            found = {}
            with within(workspace):
                # An active run may be older than all of the newest.
                for query in (
                    *(RunQuery(status=MlflowStatus(it)) for it in ACTIVE_STATUSES),
                    RunQuery(),
                ):
                    for run in self._reader.find_runs(query, Page(limit=NUM_RUNS)).entries:
                        found[run.state.run_id] = run.state
            missable += [
                (run_id, workspace)
                for run_id, state in found.items()
                if state.mlflow_status in ACTIVE_STATUSES
                or (state.end_time_ms or 0) > looked_ms - LOOKED_BACK_MS
            ]
        return missable
