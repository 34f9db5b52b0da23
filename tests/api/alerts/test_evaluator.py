"""Alerts are complete and correct when a series is read again while new points arrive."""

import asyncio
import threading
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import numpy as np
import pytest
from mlflow.exceptions import MlflowException

from api.alerts import evaluator
from api.alerts.conditions import Bound
from api.alerts.evaluator import AlertEvaluator
from api.alerts.last_writes import LastWriteStore
from api.alerts.metric_pattern import MetricPattern
from api.alerts.records import RecordedChange
from api.alerts.rule_file import RuleFile
from api.alerts.rules import Rule
from api.alerts.state_machine import Patience
from api.alerts.store import AlertStore
from api.bus.memory_bus import MemoryBus
from api.bus.protocol import Batch
from api.pages import Listed, Page
from api.run_failures import RunFailures
from api.runs.reader import RunReader
from api.runs.run_follower import RunFeed
from api.runs.series import Series
from api.runs.source import FoundRun, MetricHistory, RunQuery
from api.runs.state import RunState
from api.storage.database import Database, in_database
from api.storage.lease import Lease
from tracking_plugin.events import LoggedPoint, MetricsLogged
from tracking_plugin.mlflow_status import MlflowStatus

pytestmark = pytest.mark.anyio

METRIC = "my/metric"
RULE = Rule(
    name="low",
    metric=MetricPattern(METRIC),
    condition=Bound(below=0.5),
    patience=Patience(to_clear=1),
)
GOOD, BAD = 0.9, 0.1
FIRED, RESOLVED = "fired", "resolved"
DEADLINE_S = 20.0
"""Shorter than SWEEP_INTERVAL_S: a sweep must not make up for what the test is about."""


class PausableHistory:
    """The metrics of all runs. While a run is paused, reading its series ends only after `resume`."""

    def __init__(self) -> None:
        self.values: defaultdict[str, list[float]] = defaultdict(list)
        self.is_reading = threading.Event()
        self._paused: str | None = None
        self._may_end = threading.Event()

    def pause(self, run_id: str) -> None:
        self.is_reading.clear()
        self._may_end.clear()
        self._paused = run_id

    def resume(self) -> None:
        self._may_end.set()

    def series(self, run_id: str, metric: str) -> Series:
        values = np.array(self.values[run_id])
        steps = np.arange(1, len(values) + 1)
        if run_id == self._paused:
            self.is_reading.set()
            assert self._may_end.wait(DEADLINE_S), "resume() was not called"
        return Series(steps=steps, timestamps_ms=steps, values=values)


class FakeReader(RunReader):
    """Reads from a PausableHistory, in which all runs are active."""

    def __init__(self, history: PausableHistory) -> None:
        super().__init__()
        self._history = history

    def state(self, run_id: str, recent_steps: int = 0) -> RunState:
        state = RunState(run_id=run_id, mlflow_status=MlflowStatus.RUNNING)
        state.add_points(
            LoggedPoint(name=METRIC, value=value, step=step, timestamp_ms=step)
            for step, value in enumerate(self._history.values[run_id], 1)
        )
        return state

    def find_runs(self, query: RunQuery, page: Page) -> Listed[FoundRun]:
        runs = [FoundRun(self.state(run_id), "") for run_id in list(self._history.values)]
        return Listed(runs, len(runs))

    @property
    def metrics(self) -> MetricHistory:
        return cast(MetricHistory, self._history)


class ObservedBus(MemoryBus):
    """Tells when somebody follows it: from then on, events are delivered."""

    def __init__(self) -> None:
        super().__init__(retention=1000)
        self.is_followed = asyncio.Event()

    async def follow(self) -> AsyncIterator[Batch]:
        async for batch in super().follow():
            self.is_followed.set()
            yield batch


class Published:
    """The published changes; publishing fails the first `num_failures` times."""

    def __init__(self, store: AlertStore, num_failures: int = 0) -> None:
        self._store = store
        self._num_failures = num_failures
        self._changes: dict[int, RecordedChange] = {}
        self._has_changed = asyncio.Condition()

    async def __call__(self, changes: Sequence[RecordedChange]) -> None:
        if changes and self._num_failures:
            self._num_failures -= 1
            raise MlflowException("the store does not answer")
        ids = [each.change.id for each in changes]
        await in_database(lambda: self._store.mark_published(ids))
        async with self._has_changed:
            self._changes.update({each.change.id: each for each in changes})
            self._has_changed.notify_all()

    def of(self, run_id: str) -> list[tuple[str, int]]:
        """Kind and step of each change, in order."""
        return [
            (str(each.change.kind), each.change.step)
            for _, each in sorted(self._changes.items())
            if each.alert.run_id == run_id
        ]

    async def until(self, run_id: str, *expected: tuple[str, int]) -> None:
        try:
            async with asyncio.timeout(DEADLINE_S), self._has_changed:
                await self._has_changed.wait_for(lambda: self.of(run_id) == list(expected))
        except TimeoutError:
            raise AssertionError(f"expected {expected}, published {self.of(run_id)}") from None


class Server:
    """An evaluator of RULE on a bus of its own; servers share the database and the history."""

    def __init__(self, database: Database, history: PausableHistory, num_failures: int = 0) -> None:
        self.history = history
        self.failures = RunFailures()
        self._bus = ObservedBus()
        store = AlertStore(database)
        self.published = Published(store, num_failures)
        self._evaluator = AlertEvaluator(
            RuleFile(rules=(RULE,)),
            store,
            LastWriteStore(database),
            RunFeed(bus=self._bus, reader=FakeReader(history), failures=self.failures),
            Lease(database, "alerts"),
            self.published,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        try:
            async with self._evaluator.running():
                async with asyncio.timeout(DEADLINE_S):
                    await self._bus.is_followed.wait()
                yield
        finally:
            self.history.resume()

    def log(self, run_id: str, value: float) -> None:
        values = self.history.values[run_id]
        values.append(value)
        self.publish(run_id, len(values), value)

    def publish(self, run_id: str, step: int, value: float) -> None:
        point = LoggedPoint(name=METRIC, value=value, step=step, timestamp_ms=step)
        self._bus.publish(
            MetricsLogged(run_id=run_id, accepted_ms=0, workspace=None, points=[point])
        )

    async def until_reading(self) -> None:
        assert await asyncio.to_thread(self.history.is_reading.wait, DEADLINE_S)

    async def until_events_are_handled(self) -> None:
        """Events are handled in order: all earlier ones are when an alert of a later one is there."""
        marker = new_run_id()
        self.log(marker, BAD)
        await self.published.until(marker, (FIRED, 1))


def new_run_id() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def server(database: Database) -> Server:
    return Server(database, PausableHistory())


async def test_a_point_that_arrives_while_its_series_is_read_again_is_evaluated(
    server: Server,
) -> None:
    run_id, published = new_run_id(), server.published
    async with server.running():
        for value in (GOOD, BAD, GOOD):
            server.log(run_id, value)
        await published.until(run_id, (FIRED, 2), (RESOLVED, 3))

        server.history.pause(run_id)
        server.history.values[run_id][0] = late_value = GOOD + 0.05
        server.publish(run_id, 1, late_value)
        await server.until_reading()
        server.log(run_id, BAD)
        await server.until_events_are_handled()
        assert published.of(run_id) == [(FIRED, 2), (RESOLVED, 3)]
        server.history.resume()
        await published.until(run_id, (FIRED, 2), (RESOLVED, 3), (FIRED, 4))
        server.log(run_id, GOOD)
        await published.until(run_id, (FIRED, 2), (RESOLVED, 3), (FIRED, 4), (RESOLVED, 5))


async def test_a_run_whose_series_takes_long_to_read_does_not_delay_others(server: Server) -> None:
    long_run, run_id, published = new_run_id(), new_run_id(), server.published
    server.history.pause(long_run)
    async with server.running():
        server.log(long_run, BAD)
        await server.until_reading()
        server.log(run_id, BAD)
        await published.until(run_id, (FIRED, 1))
        assert published.of(long_run) == []
        server.history.resume()
        await published.until(long_run, (FIRED, 1))


async def test_points_logged_before_the_start_are_evaluated(server: Server) -> None:
    run_id = new_run_id()
    server.history.values[run_id] = [GOOD, BAD]
    async with server.running():
        await server.published.until(run_id, (FIRED, 2))


async def test_only_the_holder_of_the_lease_evaluates_and_the_next_one_continues(
    database: Database,
) -> None:
    history, run_id = PausableHistory(), new_run_id()
    first, second = Server(database, history), Server(database, history)
    async with first.running():
        first.log(run_id, BAD)
        await first.published.until(run_id, (FIRED, 1))
        async with second.running():
            history.values[run_id].append(GOOD)
            for server in (second, first):
                server.publish(run_id, 2, GOOD)
            await first.published.until(run_id, (FIRED, 1), (RESOLVED, 2))
    assert second.published.of(run_id) == []
    history.values[run_id].append(BAD)
    async with second.running():
        await second.published.until(run_id, (FIRED, 3))


async def test_a_change_whose_publication_failed_is_published_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluator, "RETRY_PAUSE_S", 0.0)
    monkeypatch.setattr(evaluator, "LEASE_INTERVAL_S", 0.05)
    server, run_id = Server(database, PausableHistory(), num_failures=1), new_run_id()
    async with server.running():
        server.log(run_id, BAD)
        await server.published.until(run_id, (FIRED, 1))
