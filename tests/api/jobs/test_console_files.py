"""Console logs of runs that are no jobs go with their run, and the oldest of too many go first."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.control.state import ControlState
from api.control.store import ControlStore
from api.jobs import console_files
from api.jobs.console_files import ConsoleFiles
from api.jobs.logs import JobLogs
from api.jobs.service import JobService
from api.jobs.store import JobState, JobStore
from api.runs.reader import RunReader
from api.storage.database import Database
from api.timestamps import unix_ms
from tests.api.jobs.test_job_logs import RUN_ID, KeptEvents, job
from tests.api.logged_runs import empty_database
from tracking_plugin.names import RunStatus

JOB = RUN_ID
OLD, NEWER, NEWEST = (letter * 32 for letter in "bcd")


class Reader(RunReader):
    """Has these runs."""

    def __init__(self, *run_ids: str) -> None:
        self._run_ids = set(run_ids)

    def states(self, run_ids: Collection[str], metrics: Collection[str]) -> dict[str, Any]:
        return dict.fromkeys(self._run_ids.intersection(run_ids))


class Links(ControlStore):
    """The links of these runs are alive, and that of a crashed one is not."""

    def __init__(self, *run_ids: str) -> None:
        self._run_ids = run_ids

    def linked(self) -> list[ControlState]:
        heartbeats = {NEWER: 1} | dict.fromkeys(self._run_ids, unix_ms())
        return [
            ControlState(run_id=it, status=RunStatus.TRAINING, has_link=True, heartbeat_ms=at)
            for it, at in heartbeats.items()
        ]


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobStore]:
    database = Database(f"sqlite:///{tmp_path / 'fovea.db'}")
    database.migrate()
    yield JobStore(database)
    database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir(mode=0o700)
    for age, name in enumerate((NEWEST, NEWER, OLD, JOB, "notes")):
        path = folder / f"{name}.log"
        path.write_text("ten bytes\n")
        os.utime(path, (1e9 - age, 1e9 - age))
    return folder


def left(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir()}


def test_a_log_goes_with_its_run_unless_it_is_that_of_a_job(jobs: JobStore, folder: Path) -> None:
    jobs.add(job())
    ConsoleFiles(folder, jobs, Links(), Reader(NEWER, NEWEST)).remove_outdated()
    assert left(folder) == {JOB, NEWER, NEWEST, "notes"}


def test_a_run_that_can_be_restored_keeps_its_log(
    jobs: JobStore, folder: Path, tmp_path: Path
) -> None:
    store = SqlAlchemyStore(f"sqlite:///{empty_database(tmp_path)}", str(tmp_path / "artifacts"))
    run_id = store.create_run("0", "somebody", 0, [], "run").info.run_id
    store.delete_run(run_id)
    (folder / f"{run_id}.log").write_text("line\n")
    ConsoleFiles(folder, jobs, Links(), RunReader(lambda: store)).remove_outdated()
    assert left(folder) == {run_id, "notes"}
    store.engine.dispose()


@pytest.mark.parametrize(("limit", "most"), [("MAX_FILES", 2), ("MAX_TOTAL_BYTES", 29)])
def test_the_oldest_of_too_many_logs_go_but_not_that_of_a_connected_run(
    jobs: JobStore, folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    jobs.add(job())
    monkeypatch.setattr(console_files, limit, most)
    ConsoleFiles(folder, jobs, Links(OLD), Reader(OLD, NEWER, NEWEST)).remove_outdated()
    assert left(folder) == {JOB, OLD, NEWEST, "notes"}


def test_without_a_folder_there_is_nothing_to_remove(jobs: JobStore, tmp_path: Path) -> None:
    ConsoleFiles(tmp_path / "none", jobs, Links(), Reader()).remove_outdated()


@pytest.mark.anyio
async def test_a_forgotten_run_loses_its_log_also_if_it_was_no_job(
    jobs: JobStore, folder: Path
) -> None:
    jobs.add(job())
    unused = cast(Any, None)
    logs = JobLogs(folder, KeptEvents(), unused)
    service = JobService(jobs, unused, logs, unused, unused, failures=unused, wake=unused)
    for run_id in (JOB, OLD):
        await service.forget(run_id)
    assert left(folder) == {JOB, NEWER, NEWEST, "notes"}
    jobs.move(JOB, (JobState.SUBMITTED,), JobState.ENDED)
    await service.forget(JOB)
    assert left(folder) == {NEWER, NEWEST, "notes"}
