"""The figures of the monitoring page are counted from runs and jobs, and change with them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.jobs.store import Job, JobState, JobStore
from api.jobs.usage import InputCounts, dashboard
from api.runs.reader import RunReader
from api.storage.database import Database
from tests.api.logged_runs import START_MS, Mlflow, empty_database

NO_INPUTS = InputCounts(num_datasets=0, num_base_models=0)


class Figures:
    """A store of runs and one of jobs, in one database."""

    def __init__(self, folder: Path) -> None:
        uri = f"sqlite:///{empty_database(folder)}"
        self.store = SqlAlchemyStore(uri, str(folder / "artifacts"))
        self.database = Database(uri)
        self.database.migrate()
        self.mlflow = Mlflow(MlflowClient(uri), folder)
        self.jobs = JobStore(self.database)
        self._num_jobs = 0

    def read(self, inputs: InputCounts = NO_INPUTS) -> dict[str, Any]:
        reader = RunReader(lambda: self.store)
        return dashboard(reader, self.jobs, None, inputs).model_dump(mode="json")

    def add_job(self, *, waited_ms: int | None = None, **spec: Any) -> None:
        self._num_jobs += 1
        self.jobs.add(
            Job(
                run_id=f"{self._num_jobs:032x}",
                workspace=None,
                kind="training",
                spec=json.dumps(spec),
                tracking_uri="",
                state=JobState.ENDED,
                created_ms=START_MS,
                queued_ms=START_MS,
                started_ms=None if waited_ms is None else START_MS + waited_ms,
            )
        )


@pytest.fixture
def figures(tmp_path: Path) -> Iterator[Figures]:
    figures = Figures(tmp_path)
    yield figures
    figures.database.close()
    figures.store.engine.dispose()


def test_an_empty_server_has_no_figures_that_are_invented(figures: Figures) -> None:
    found = figures.read()

    assert found["system"].pop("avg_duration_seconds") is None
    assert found["usage"].pop("avg_wait_seconds") is None
    assert set(found["system"].values()) == set(found["usage"].values()) == {0}
    assert (found["recent_activity"], found["popular_presets"]) == ([], [])


def test_runs_are_counted_by_their_status_and_the_newest_are_shown(figures: Figures) -> None:
    figures.mlflow.run(status="FINISHED")
    before = figures.read()
    for status in ("FAILED", "KILLED", "FAILED"):
        newest = figures.mlflow.run(status=status, start_ms=START_MS + 1)
    after = figures.read()

    assert (before["system"]["total_jobs"], before["system"]["jobs_completed"]) == (1, 1)
    counts = {name: after["system"][name] for name in before["system"] if name.startswith("jobs")}
    assert counts == {
        "jobs_completed": 1,
        "jobs_failed": 2,
        "jobs_stopped": 1,
        "jobs_running": 0,
        "jobs_pending": 0,
    }
    assert after["usage"]["total_runs"] == 4
    assert newest.run_id in {activity["run_id"] for activity in after["recent_activity"][:3]}
    assert len(after["recent_activity"]) == 4


def test_the_mean_duration_is_that_of_completed_runs(figures: Figures) -> None:
    for seconds, status in ((10, "FINISHED"), (20, "FINISHED"), (99, "FAILED")):
        run = figures.mlflow.client.create_run("0", start_time=START_MS)
        figures.mlflow.client.set_terminated(
            run.info.run_id, status=status, end_time=START_MS + seconds * 1000
        )
        if seconds == 10:
            assert figures.read()["system"]["avg_duration_seconds"] == 10
    assert figures.read()["system"]["avg_duration_seconds"] == 15


def test_the_mean_wait_is_that_of_started_jobs(figures: Figures) -> None:
    figures.add_job(waited_ms=4000, recipe="retinal")
    assert figures.read()["usage"]["avg_wait_seconds"] == 4
    figures.add_job(waited_ms=8000, recipe="retinal")
    figures.add_job(waited_ms=None, recipe="retinal")
    # It waits again: it was started before it came into the queue.
    figures.add_job(waited_ms=-1000, recipe="retinal")
    assert figures.read()["usage"]["avg_wait_seconds"] == 6


def test_presets_are_counted_from_the_parameters_of_jobs(figures: Figures) -> None:
    figures.add_job(recipe="retinal", params={"preset": "small"})
    assert figures.read()["popular_presets"] == [
        {"recipe": "retinal", "preset": "small", "count": 1}
    ]
    for _ in range(2):
        figures.add_job(recipe="diffusion", params={"method": "lora"})
    figures.add_job(recipe="retinal")
    figures.add_job(params={"no": ["recipe"]}, surprise=1)

    found = figures.read(InputCounts(num_datasets=3, num_base_models=4))
    shown = [(it["recipe"], it["preset"], it["count"]) for it in found["popular_presets"]]
    assert shown[0] == ("diffusion", "lora", 2)
    assert set(shown[1:]) == {("retinal", "small", 1), ("retinal", "auto", 1)}
    assert found["usage"]["total_training_jobs"] == 5
    assert (found["usage"]["total_datasets"], found["usage"]["total_base_models"]) == (3, 4)
