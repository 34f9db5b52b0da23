"""A write to MLflow's runs is published after it was stored, and not if it failed."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.errors import ConflictError, UnavailableError
from api.runs import writer as run_writer
from api.runs.writer import LONGEST_TAG, RunWriter
from tests.api.logged_runs import empty_database
from tracking_plugin.events import ArtifactLogged, RunCreated, RunEvent, RunUpdated, TagsChanged

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlAlchemyStore]:
    uri = f"sqlite:///{empty_database(tmp_path)}"
    store = SqlAlchemyStore(uri, (tmp_path / "artifacts").as_uri())
    yield store
    store.engine.dispose()


@pytest.fixture
def published() -> list[RunEvent]:
    return []


@pytest.fixture
def writer(store: SqlAlchemyStore, published: list[RunEvent]) -> RunWriter:
    return RunWriter(published.append, lambda: store)


async def new_run(writer: RunWriter, **tags: str) -> str:
    return await writer.create(None, experiment="fundus", run_name="first", tags=tags)


async def test_a_run_is_created_as_scheduled_with_its_experiment(
    store: SqlAlchemyStore, writer: RunWriter, published: list[RunEvent]
) -> None:
    run_id = await new_run(writer, note="n" * (LONGEST_TAG + 1))
    again = await new_run(writer)
    run = store.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("SCHEDULED", "first")
    assert run.data.tags["note"] == "n" * LONGEST_TAG
    assert store.get_experiment(run.info.experiment_id).name == "fundus"
    assert store.get_run(again).info.experiment_id == run.info.experiment_id
    assert isinstance(published[0], RunCreated)
    assert (published[0].run_id, published[0].status, published[0].run_name) == (
        run_id,
        "SCHEDULED",
        "first",
    )
    assert published[0].start_time_ms == run.info.start_time


async def test_no_run_is_created_in_a_deleted_experiment(
    store: SqlAlchemyStore, writer: RunWriter, published: list[RunEvent]
) -> None:
    store.delete_experiment(store.create_experiment("fundus", None, []))
    with pytest.raises(ConflictError, match="restore it, or name another"):
        await new_run(writer)
    assert published == []


async def test_tags_are_stored_then_published_as_stored(
    store: SqlAlchemyStore, writer: RunWriter, published: list[RunEvent]
) -> None:
    run_id = await new_run(writer)
    tags = {"fovea.status": "paused", "fovea.message": "m" * (LONGEST_TAG + 1)}
    await writer.set_tags(run_id, None, tags)
    event = published[-1]
    assert isinstance(event, TagsChanged)
    assert event.tags == {**tags, "fovea.message": "m" * LONGEST_TAG}
    assert event.tags.items() <= store.get_run(run_id).data.tags.items()


@pytest.mark.parametrize(("status", "is_end"), [("RUNNING", False), ("KILLED", True)])
async def test_only_a_status_that_ends_the_run_sets_its_end_time(
    store: SqlAlchemyStore,
    writer: RunWriter,
    published: list[RunEvent],
    *,
    status: str,
    is_end: bool,
) -> None:
    run_id = await new_run(writer)
    await writer.set_status(run_id, None, status)
    event, info = published[-1], store.get_run(run_id).info
    assert isinstance(event, RunUpdated)
    assert (event.status, info.status) == (status, status)
    assert event.end_time_ms == info.end_time
    assert (info.end_time is not None) is is_end


async def test_a_file_is_stored_under_the_given_name(
    store: SqlAlchemyStore, writer: RunWriter, published: list[RunEvent], tmp_path: Path
) -> None:
    run_id = await new_run(writer)
    file = tmp_path / "a1b2.log"
    file.write_text("epoch 1")
    await writer.store_artifact(run_id, None, file, "logs/training.log")
    event = published[-1]
    assert isinstance(event, ArtifactLogged)
    assert event.path == "logs/training.log"
    assert artifact(store, run_id, "logs/training.log") == "epoch 1"


def artifact(store: SqlAlchemyStore, run_id: str, path: str) -> str:
    uri = store.get_run(run_id).info.artifact_uri
    return (Path(uri.removeprefix("file://")) / path).read_text()


async def test_a_failed_write_is_not_published(
    writer: RunWriter, published: list[RunEvent]
) -> None:
    with pytest.raises(MlflowException):
        await writer.set_tags("0" * 32, None, {"a": "b"})
    assert published == []


async def test_a_store_that_does_not_respond_raises_after_the_deadline(
    published: list[RunEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck() -> AbstractStore:
        threading.Event().wait(2)
        raise AssertionError

    monkeypatch.setattr(run_writer, "WRITE_DEADLINE_S", 0.05)
    with pytest.raises(UnavailableError):
        await RunWriter(published.append, stuck).set_tags("0" * 32, None, {"a": "b"})
    assert published == []
