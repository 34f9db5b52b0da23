"""Evaluates the alert rules while runs are logged. Only the process that holds the lease does it.

MLflow's store is authoritative: a series that was not followed from its beginning, or whose points
arrived out of order, is read from it and evaluated as a whole. A regular sweep finds missed points.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from mlflow.exceptions import MlflowException

from api.alerts.evaluation_queue import EvaluationQueue
from api.alerts.followed_runs import FollowedRuns
from api.alerts.last_writes import LastWriteStore
from api.alerts.live_series import LiveSeries
from api.alerts.missed_points import latest_steps, runs_to_check
from api.alerts.records import Publish, RuleInstance
from api.alerts.rule_file import RuleFile
from api.alerts.run_series import RunSeries, WrittenPoints
from api.alerts.state_machine import Evaluation
from api.alerts.store import AlertStore
from api.alerts.whole_series import evaluate_whole
from api.background import in_background
from api.errors import ApiError, NotFoundError
from api.runs.critical_thresholds import has_thresholds
from api.runs.run_follower import RunFeed, RunFollower, RunListener
from api.runs.run_over import HeldRun, RunEnd, RunOver
from api.storage.database import in_database
from api.storage.lease import Lease
from api.storage.leased_worker import LeasedWorker
from api.timestamps import unix_ms
from tracking_plugin.events import (
    MetricsLogged,
    ParamsLogged,
    RunEvent,
    RunRestored,
    RunUpdated,
    SystemMetricsLogged,
)
from tracking_plugin.mlflow_status import MlflowStatus

logger = logging.getLogger(__name__)

LEASE_INTERVAL_S = 2.0
SWEEP_INTERVAL_S = 30.0
GATHER_PAUSE_S = 0.3
"""Before a whole series is evaluated: values and their numbers of cases may come in several writes."""

RETRY_PAUSE_S = 5.0
NUM_PARALLEL_EVALUATIONS = 3
"""A run with millions of values does not delay the others."""

EVALUATION_DEADLINE_S = 600.0
"""Sufficient for a series of millions of values."""


class AlertEvaluator(RunListener):
    """Calls `publish` with the changes of alerts after they are recorded."""

    def __init__(
        self,
        file: RuleFile,
        store: AlertStore,
        last_writes: LastWriteStore,
        feed: RunFeed,
        lease: Lease,
        publish: Publish,
    ) -> None:
        self._store = store
        self._failures = feed.failures
        self._last_writes = last_writes
        self._reader = feed.reader
        self._lease = lease
        self._publish = publish
        self._runs = FollowedRuns(file, feed.reader)
        self._queue = EvaluationQueue()
        self._follower = RunFollower(feed, self)
        self._worker = LeasedWorker(
            "Finding missed alerts",
            self._sweep,
            interval_s=LEASE_INTERVAL_S,
            lease=lease,
            on_acquired=self._start_over,
        )
        self._has_gap = False
        """Whether points may have been missed in any series since the last sweep."""
        self._started_ms = unix_ms()
        self._sweep_s = float("-inf")
        """When the last sweep began, by the monotonic clock."""
        self._complete_sweep_ms: int | None = None
        """When the last sweep began that was completed."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        evaluations = [self._evaluate_queued() for _ in range(NUM_PARALLEL_EVALUATIONS)]
        async with self._worker.running(), in_background(*evaluations), self._follower.running():
            yield

    async def on_event(self, event: RunEvent) -> None:
        if not self._worker.is_active:
            return
        if isinstance(event, MetricsLogged | SystemMetricsLogged):
            await self._apply_points(event)
        elif isinstance(event, ParamsLogged) and has_thresholds(event.params):
            await self._reload_rules(event.run_id, event.workspace)
        elif isinstance(event, RunRestored) or _is_restart(event):
            await self._reopen(event.run_id, event.workspace)

    async def on_run_over(self, over: RunOver) -> None:
        if not self._worker.is_active:
            return
        # Its series are read again, with the run's end, if they are still to be evaluated.
        self._runs.remove(over.run_id)
        await self._close(over.run_id, over.how)

    def on_gap(self) -> None:
        self._has_gap = True
        self._worker.wake()

    def held_runs(self) -> Collection[HeldRun]:
        return self._store.runs_with_open_alerts() if self._worker.is_active else ()

    async def _apply_points(self, event: MetricsLogged | SystemMetricsLogged) -> None:
        try:
            run = await self._runs.get(event.run_id, event.workspace)
        except NotFoundError:
            return
        written = WrittenPoints.of(event.points)
        for series in [series for name in written.metrics for series in run.series_of(name)]:
            # A rule that fails must not keep the others from firing.
            with self._failures.isolated(event.run_id, f"The rule {series.instance.rule.name}"):
                samples = written.samples(series.instance)
                if samples is None:
                    self._evaluate_whole_later(series)
                else:
                    await self._record(series, run, series.apply(samples))
        for series in [series for name in written.metrics for series in run.supported_by(name)]:
            if series.instance.metric not in written.metrics:
                self._evaluate_whole_later(series)

    def _evaluate_whole_later(self, series: LiveSeries, pause_s: float = GATHER_PAUSE_S) -> None:
        series.reset()
        self._queue.put(series, pause_s)

    async def _record(
        self, series: LiveSeries, run: RunSeries, changes: Sequence[Evaluation] | None
    ) -> None:
        """Record and publish the changes that a series returned for new points."""
        if changes is None:
            # During an evaluation of the whole series, the points are buffered until it has ended.
            if not self._queue.is_running(series):
                self._queue.put(series, 0.0)
            return
        if not changes:
            return
        try:
            recorded = await in_database(
                partial(self._store.advance, series.instance, changes, run.position, unix_ms())
            )
        except ApiError as error:
            logger.warning("An alert could not be recorded yet (%s)", type(error).__name__)
            self._evaluate_whole_later(series, RETRY_PAUSE_S)
            return
        try:
            await self._publish(recorded)
        except (ApiError, MlflowException) as error:
            # It is recorded as unpublished. The other series of the write must not wait for it.
            logger.warning("An alert will be published again (%s)", type(error).__name__)
        await self._close_if_over(series.instance)

    async def _close_if_over(self, instance: RuleInstance) -> None:
        """Close alerts that were recorded after the end of their run."""
        try:
            how = (await self._runs.get(instance.run_id, instance.workspace)).end
        except NotFoundError:
            how = RunEnd.DELETED
        if how is not None:
            await self._close(instance.run_id, how)

    async def _close(self, run_id: str, how: RunEnd) -> None:
        close = partial(self._store.close_run, run_id, how, unix_ms())
        await self._publish(await in_database(close))

    async def _reopen(self, run_id: str, workspace: str | None) -> None:
        """Evaluate the rules whose alerts an earlier end of the run has closed."""
        self._runs.remove(run_id)
        metrics = await in_database(partial(self._store.closed_metrics, run_id))
        if not metrics:
            return
        run = await self._runs.get(run_id, workspace)
        for series in [series for metric in metrics for series in run.series_of(metric)]:
            self._queue.put(series, 0.0)

    async def _reload_rules(self, run_id: str, workspace: str | None) -> None:
        """Read the run's floors again, and evaluate its series with them."""
        previous = self._runs.remove(run_id)
        if previous is not None:
            run = await self._runs.get(run_id, workspace)
            for metric in {series.instance.metric for series in previous.all_series}:
                for series in run.series_of(metric):
                    self._queue.put(series, GATHER_PAUSE_S)

    async def _evaluate_queued(self) -> None:
        while True:
            series = await self._queue.get()
            try:
                await self._evaluate_whole(series)
            except NotFoundError:
                self._runs.remove(series.instance.run_id)
            except (ApiError, MlflowException) as error:
                logger.warning("A rule could not be evaluated yet (%s)", type(error).__name__)
                self._queue.put(series, RETRY_PAUSE_S)
            except Exception as error:  # noqa: BLE001 - the other runs' rules are evaluated all the same
                instance = series.instance
                self._failures.add(instance.run_id, f"The rule {instance.rule.name}", error)
            finally:
                self._queue.done(series)

    async def _evaluate_whole(self, series: LiveSeries) -> None:
        instance = series.instance
        run = await self._runs.get(instance.run_id, instance.workspace)
        # Buffer new points from here on: the store's series may not contain them yet.
        series.reset()
        async with asyncio.timeout(EVALUATION_DEADLINE_S):
            found, newest = await asyncio.to_thread(evaluate_whole, self._reader, instance)
        recorded = await in_database(
            partial(
                self._store.reconcile,
                *(instance, found, run.position, unix_ms()),
                is_run_over=run.end is not None,
            )
        )
        await self._publish(recorded)
        await self._close_if_over(instance)
        changes = series.restart(newest)
        self._queue.done(series)
        await self._record(series, run, changes)

    async def _start_over(self) -> None:
        """Another process may have evaluated the rules until now."""
        self._runs.clear()
        self._has_gap = True

    async def _sweep(self) -> None:
        """Find points that were logged while nothing evaluated them, and publish unpublished changes."""
        if self._has_gap or time.monotonic() - self._sweep_s > SWEEP_INTERVAL_S:
            may_lack_any, self._has_gap = self._has_gap, False
            self._sweep_s, began_ms = time.monotonic(), unix_ms()
            await self._queue_missed(may_lack_any=may_lack_any)
            self._complete_sweep_ms = began_ms
        before_ms = unix_ms() - int(RETRY_PAUSE_S * 1000)
        await self._publish(await in_database(partial(self._store.unpublished, before_ms)))

    async def _queue_missed(self, *, may_lack_any: bool) -> None:
        """Queue the series that have newer points than known; all of them if `may_lack_any`."""
        since_ms = self._complete_sweep_ms or self._lease.previous_expiry_ms or self._started_ms
        runs = await in_database(partial(runs_to_check, self._reader, self._last_writes, since_ms))
        # All other runs have ended, and were swept after that.
        self._runs.retain([run.run_id for run in runs])

        async def queue_run(run: HeldRun) -> None:
            with suppress(NotFoundError):
                series = await self._runs.get(run.run_id, run.workspace)
                steps = await in_database(partial(latest_steps, self._reader, run))
                self._queue_behind(series, steps, may_lack_any=may_lack_any)

        await self._failures.each("Finding missed points", runs, lambda run: run.run_id, queue_run)

    def _queue_behind(self, run: RunSeries, steps: dict[str, int], *, may_lack_any: bool) -> None:
        for metric, step in steps.items():
            for series in run.series_of(metric):
                is_behind = series.last_step is None or series.last_step < step
                if (may_lack_any or is_behind) and not self._queue.is_queued(series):
                    self._queue.put(series, 0.0)


def _is_restart(event: RunEvent) -> bool:
    return isinstance(event, RunUpdated) and event.status == MlflowStatus.RUNNING
