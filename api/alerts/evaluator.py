"""Evaluates the alert rules while runs are logged. Only the process that holds the lease does it.

MLflow's store is authoritative: a series that was not followed from its beginning, or whose points
arrived out of order, is read from it and evaluated as a whole. A regular sweep finds missed points.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from mlflow.exceptions import MlflowException

from api.alerts.evaluation_queue import EvaluationQueue
from api.alerts.followed_runs import FollowedRuns
from api.alerts.live_series import LiveSeries
from api.alerts.missed_points import latest_steps, runs_to_check
from api.alerts.records import Publish
from api.alerts.rule_file import RuleFile
from api.alerts.run_series import RunSeries, WrittenPoints
from api.alerts.state_machine import Evaluation
from api.alerts.store import AlertStore
from api.alerts.whole_series import evaluate_whole
from api.background import in_background
from api.bus.follower import BusFollower
from api.bus.protocol import Bus
from api.errors import ApiError, NotFoundError
from api.runs.reader import RunReader
from api.storage.database import in_database
from api.storage.lease import Lease
from api.storage.leased_worker import LeasedWorker
from api.timestamps import unix_ms
from tracking_plugin.events import (
    MetricsLogged,
    ParamsLogged,
    RunDeleted,
    RunEvent,
    SystemMetricsLogged,
)
from tracking_plugin.names import Param

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


class AlertEvaluator:
    """Calls `publish` with the changes of alerts after they are recorded."""

    def __init__(
        self,
        file: RuleFile,
        store: AlertStore,
        reader: RunReader,
        bus: Bus,
        lease: Lease,
        publish: Publish,
    ) -> None:
        self._store = store
        self._reader = reader
        self._lease = lease
        self._publish = publish
        self._runs = FollowedRuns(file, reader)
        self._queue = EvaluationQueue()
        self._follower = BusFollower(bus, self._on_event, self._on_gap)
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

    async def _on_event(self, event: RunEvent) -> None:
        if not self._worker.is_active:
            return
        if isinstance(event, MetricsLogged | SystemMetricsLogged):
            await self._apply_points(event)
        elif isinstance(event, ParamsLogged) and Param.CRITICAL_THRESHOLDS in event.params:
            await self._reload_rules(event.run_id, event.workspace)
        elif isinstance(event, RunDeleted):
            self._runs.remove(event.run_id)

    def _on_gap(self) -> None:
        self._has_gap = True
        self._worker.wake()

    async def _apply_points(self, event: MetricsLogged | SystemMetricsLogged) -> None:
        try:
            run = await self._runs.get(event.run_id, event.workspace)
        except NotFoundError:
            return
        written = WrittenPoints.of(event.points)
        for series in [series for name in written.metrics for series in run.series_of(name)]:
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
            except Exception:
                logger.exception("The rule %s could not be evaluated", series.instance.rule.name)
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
            partial(self._store.reconcile, instance, found, run.position, unix_ms())
        )
        await self._publish(recorded)
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
        runs = await in_database(partial(runs_to_check, self._reader, since_ms))
        # All other runs have ended, and were swept after that.
        self._runs.retain([run_id for run_id, _ in runs])
        for run_id, workspace in runs:
            with suppress(NotFoundError):
                run = await self._runs.get(run_id, workspace)
                steps = await in_database(partial(latest_steps, self._reader, run_id, workspace))
                self._queue_behind(run, steps, may_lack_any=may_lack_any)

    def _queue_behind(self, run: RunSeries, steps: dict[str, int], *, may_lack_any: bool) -> None:
        for metric, step in steps.items():
            for series in run.series_of(metric):
                is_behind = series.last_step is None or series.last_step < step
                if (may_lack_any or is_behind) and not self._queue.is_queued(series):
                    self._queue.put(series, 0.0)
