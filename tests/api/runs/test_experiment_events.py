"""The deletion of an experiment, and its restoration, are events of each of its runs."""

import threading
import time
from typing import Any

import pytest

from api.runs.experiment_events import ExperimentEvents
from api.runs.reader import RunReader
from tests.turns import until
from tracking_plugin.events import ExperimentChanged, RunDeleted, RunEvent, RunRestored

pytestmark = pytest.mark.anyio


class Reader(RunReader):
    def __init__(self, runs: list[str] | Exception) -> None:
        self._runs = runs

    def of_experiment(self, experiment_id: str) -> list[str]:
        assert experiment_id == "7"
        if isinstance(self._runs, Exception):
            raise self._runs
        return self._runs


@pytest.mark.parametrize(("is_deleted", "event"), [(True, RunDeleted), (False, RunRestored)])
async def test_each_run_of_the_experiment_has_its_event(is_deleted: bool, event: Any) -> None:
    published: list[RunEvent] = []
    runs = [f"run {number}" for number in range(250)]
    events = ExperimentEvents(published.append, Reader(runs))

    await events.publish_runs(
        ExperimentChanged(experiment_id="7", is_deleted=is_deleted, accepted_ms=5, workspace=None)
    )

    assert published == [event(run_id=run, accepted_ms=5) for run in runs]


async def test_a_store_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    events = ExperimentEvents(lambda _: None, Reader(ValueError("the store fails")))
    await events.publish_runs(ExperimentChanged(experiment_id="7", is_deleted=True, accepted_ms=5))
    assert "could not be read" in caplog.text


async def test_a_restoration_is_announced_after_the_deletion_before_it() -> None:
    published: list[RunEvent] = []
    deletion_is_read = threading.Event()

    class SlowAtFirst(Reader):
        def of_experiment(self, experiment_id: str) -> list[str]:
            is_first = not deletion_is_read.is_set()
            deletion_is_read.set()
            if is_first:
                time.sleep(0.1)
            return ["run"]

    events = ExperimentEvents(published.append, SlowAtFirst([]))
    for is_deleted in (True, False):
        events.on_change(ExperimentChanged(experiment_id="7", is_deleted=is_deleted, accepted_ms=5))

    await until(lambda: len(published) == 2, "both events")
    assert published == [event(run_id="run", accepted_ms=5) for event in (RunDeleted, RunRestored)]
