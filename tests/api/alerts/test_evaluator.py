"""A series that is read anew while it goes on: no point is lost, and no alert taken back, whoever is first."""

import asyncio
import threading
import uuid
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from api.alerts.conditions import Bound
from api.alerts.evaluator import AlertEvaluator
from api.alerts.machine import Patience
from api.alerts.metric_pattern import MetricPattern
from api.alerts.records import News
from api.alerts.rule_file import RuleFile
from api.alerts.rules import Rule
from api.alerts.store import AlertStore
from api.database import Database
from api.reading.pages import Page
from api.reading.series import Series
from api.run_state import RunState
from tests.waiting import until
from tracking_plugin.events import MetricPoint, MetricsLogged

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
    """MLflow's, as a reader sees it; a reading ends when it is let go, with what was there before."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.is_reading = threading.Event()
        self.let_go = threading.Event()
        self.let_go.set()
        self.metrics = SimpleNamespace(series=self._series)

    def state(self, run_id: str, recent_steps: int = 0) -> RunState:
        return RunState(run_id=run_id)

    def _series(self, run_id: str, metric: str) -> Series:
        values = np.array(self.values)
        steps = np.arange(1, len(values) + 1)
        self.is_reading.set()
        assert self.let_go.wait(DEADLINE_S)
        return Series(steps=steps, timestamps_ms=steps, values=values)


async def test_a_point_that_comes_while_the_series_is_read_anew(database: Database) -> None:
    mlflow, store, run_id = SlowStore(), AlertStore(database), uuid.uuid4().hex

    async def tell(news: Sequence[News]) -> None:
        """Nobody listens."""

    evaluator = AlertEvaluator(
        RuleFile(rules=(RULE,)), store, cast(Any, mlflow), cast(Any, None), cast(Any, None), tell
    )

    async def log(value: float) -> None:
        mlflow.values.append(value)
        step = len(mlflow.values)
        point = MetricPoint(name=METRIC, value=value, step=step, timestamp_ms=step)
        event = MetricsLogged(run_id=run_id, accepted_ms=0, workspace=None, points=[point])
        await evaluator._measure(event)

    def kinds() -> list[tuple[str, int]]:
        listed = store.timeline(run_id, Page(limit=100)).entries
        return [(str(each.change.kind), each.change.step) for each in reversed(listed)]

    async def until_kinds(*expected: tuple[str, int]) -> None:
        await asyncio.to_thread(until, lambda: kinds() == list(expected), f"{expected}", DEADLINE_S)

    looking = asyncio.create_task(evaluator._look())
    try:
        await log(0.9)
        await log(0.1)
        await until_kinds(("fired", 2))
        await log(0.9)
        await until_kinds(("fired", 2), ("resolved", 3))

        run = await evaluator._run(run_id, None)
        (series,) = run.series_of(METRIC)
        mlflow.is_reading.clear()
        mlflow.let_go.clear()
        evaluator._look_at(series, 0.0)
        await asyncio.to_thread(mlflow.is_reading.wait, DEADLINE_S)
        await log(0.1)
        mlflow.let_go.set()
        await until_kinds(("fired", 2), ("resolved", 3), ("fired", 4))
        await log(0.9)
        await until_kinds(("fired", 2), ("resolved", 3), ("fired", 4), ("resolved", 5))
    finally:
        mlflow.let_go.set()
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
