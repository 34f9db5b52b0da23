"""A series that is read anew while it goes on: no point is lost, and no alert taken back, whoever is first."""

import asyncio
import threading
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from api.alerts.conditions import Bound
from api.alerts.evaluator import NUM_PARALLEL_EVALUATIONS, AlertEvaluator
from api.alerts.metric_pattern import MetricPattern
from api.alerts.records import RecordedChange
from api.alerts.rule_file import RuleFile
from api.alerts.rules import Rule
from api.alerts.state_machine import Patience
from api.alerts.store import AlertStore
from api.pages import Page
from api.runs.series import Series
from api.runs.state import RunState
from api.storage.database import Database
from tests.waiting import until
from tracking_plugin.events import LoggedPoint, MetricsLogged

pytestmark = pytest.mark.anyio

METRIC = "my/metric"
RULE = Rule(
    name="low",
    metric=MetricPattern(METRIC),
    condition=Bound(below=0.5),
    patience=Patience(to_clear=1),
)
DEADLINE_S = 30.0


class SlowStore:
    """MLflow's, as a reader sees it; what is read of a run that is held is what was there before."""

    def __init__(self) -> None:
        self.values: defaultdict[str, list[float]] = defaultdict(list)
        self.held: str | None = None
        self.is_reading = threading.Event()
        self.let_go = threading.Event()
        self.metrics = SimpleNamespace(series=self._series)

    def state(self, run_id: str, recent_steps: int = 0) -> RunState:
        return RunState(run_id=run_id)

    def hold(self, run_id: str) -> None:
        self.is_reading.clear()
        self.let_go.clear()
        self.held = run_id

    def _series(self, run_id: str, metric: str) -> Series:
        values = np.array(self.values[run_id])
        steps = np.arange(1, len(values) + 1)
        if run_id == self.held:
            self.is_reading.set()
            assert self.let_go.wait(DEADLINE_S)
        return Series(steps=steps, timestamps_ms=steps, values=values)


class Evaluating:
    """An evaluator of RULE, what is logged to it, and what it has put on record."""

    def __init__(self, database: Database) -> None:
        self.mlflow = SlowStore()
        self._store = AlertStore(database)
        nothing = cast(Any, None)
        self.evaluator = AlertEvaluator(
            RuleFile(rules=(RULE,)), self._store, cast(Any, self.mlflow), nothing, nothing, _tell
        )

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(self.evaluator._look()) for _ in range(NUM_PARALLEL_EVALUATIONS)
        ]
        try:
            yield
        finally:
            self.mlflow.let_go.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def log(self, run_id: str, value: float) -> None:
        values = self.mlflow.values[run_id]
        values.append(value)
        step = len(values)
        point = LoggedPoint(name=METRIC, value=value, step=step, timestamp_ms=step)
        event = MetricsLogged(run_id=run_id, accepted_ms=0, workspace=None, points=[point])
        await self.evaluator._measure(event)

    async def until_reading(self) -> None:
        assert await asyncio.to_thread(self.mlflow.is_reading.wait, DEADLINE_S)

    async def until_kinds(self, run_id: str, *expected: tuple[str, int]) -> None:
        await asyncio.to_thread(
            until, lambda: self._kinds(run_id) == list(expected), f"{expected}", DEADLINE_S
        )

    def _kinds(self, run_id: str) -> list[tuple[str, int]]:
        listed = self._store.timeline(run_id, Page(limit=100)).entries
        return [(str(each.change.kind), each.change.step) for each in reversed(listed)]


async def _tell(news: Sequence[RecordedChange]) -> None:
    """Nobody listens."""


@pytest.fixture
def evaluating(database: Database) -> Evaluating:
    return Evaluating(database)


@pytest.fixture
def run_id() -> str:
    return uuid.uuid4().hex


async def test_a_point_that_comes_while_the_series_is_read_anew(
    evaluating: Evaluating, run_id: str
) -> None:
    async with evaluating.looking():
        await evaluating.log(run_id, 0.9)
        await evaluating.log(run_id, 0.1)
        await evaluating.until_kinds(run_id, ("fired", 2))
        await evaluating.log(run_id, 0.9)
        await evaluating.until_kinds(run_id, ("fired", 2), ("resolved", 3))

        (series,) = (await evaluating.evaluator._run(run_id, None)).series_of(METRIC)
        evaluating.mlflow.hold(run_id)
        evaluating.evaluator._looks.put(series, 0.0)
        await evaluating.until_reading()
        await evaluating.log(run_id, 0.1)
        evaluating.mlflow.let_go.set()
        so_far = (("fired", 2), ("resolved", 3), ("fired", 4))
        await evaluating.until_kinds(run_id, *so_far)
        await evaluating.log(run_id, 0.9)
        await evaluating.until_kinds(run_id, *so_far, ("resolved", 5))


async def test_a_run_whose_series_takes_long_to_read_holds_up_no_other(
    evaluating: Evaluating, run_id: str
) -> None:
    long_run = uuid.uuid4().hex
    evaluating.mlflow.hold(long_run)
    async with evaluating.looking():
        await evaluating.log(long_run, 0.1)
        await evaluating.until_reading()
        await evaluating.log(run_id, 0.1)
        await evaluating.until_kinds(run_id, ("fired", 1))
        await evaluating.until_kinds(long_run)
        evaluating.mlflow.let_go.set()
        await evaluating.until_kinds(long_run, ("fired", 1))
