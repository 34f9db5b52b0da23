"""Runs are read alike from MLflow's SQL store and from other stores."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.server import ARTIFACT_ROOT_ENV_VAR, BACKEND_STORE_URI_ENV_VAR, handlers
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.store.tracking.file_store import FileStore
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.pages import Page
from api.runs.headlines import headline_names
from api.runs.reader import AmbiguousRunError, RunNotFoundError, RunReader
from api.runs.source import EpochSpan, RunQuery, SpanEnds
from api.runs.state import RECENT_STEPS
from api.runs.status import training_status
from tests.api.logged_runs import START_MS, Mlflow, empty_database
from tests.postgres import Postgres
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.names import CANDIDATE_LOSS, RunStatus, Tag

EVERYTHING = Page(limit=10_000)
NAN, INFINITY = float("nan"), float("inf")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("mlflow"))


@pytest.fixture(scope="module")
def postgres_template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty MLflow database."""
    uri = postgres.new_database()
    SqlAlchemyStore(uri, str(tmp_path_factory.mktemp("artifacts"))).engine.dispose()
    return uri


@pytest.fixture(params=["sqlite", "postgresql", "files"])
def store(
    request: pytest.FixtureRequest,
    database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[AbstractStore]:
    if request.param == "files":
        monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        yield FileStore(str(tmp_path / "mlruns"))
        return
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        uri = postgres.new_database(like=request.getfixturevalue("postgres_template"))
    else:
        uri = f"sqlite:///{shutil.copy(database, tmp_path / 'mlflow.db')}"
    store = SqlAlchemyStore(uri, str(tmp_path / "artifacts"))
    yield store
    store.engine.dispose()


@pytest.fixture
def mlflow(store: AbstractStore, tmp_path: Path) -> Mlflow:
    is_sql = isinstance(store, SqlAlchemyStore)
    return Mlflow(MlflowClient(store.db_uri if is_sql else store.root_directory), tmp_path)


@pytest.fixture
def reader(store: AbstractStore) -> RunReader:
    return RunReader(lambda: store)


def test_a_state_has_the_run_s_attributes_and_newest_points(
    reader: RunReader, mlflow: Mlflow
) -> None:
    run = mlflow.run(
        params={"total_epochs": "3", "steps_per_epoch": "2", "other": "1"},
        tags={"fovea.status": "training", "fovea.message": "On it"},
        status="RUNNING",
    )
    for step in range(1, 6):
        run.log(step, train__loss=1 / step)
    run.log(4, val__loss=NAN)
    run.log(77, system__cpu_utilization_percentage=10.0)

    state = reader.state(run.run_id, recent_steps=2)

    assert state.run_id == run.run_id
    assert state.experiment_id == mlflow.client.get_run(run.run_id).info.experiment_id
    assert state.run_name == mlflow.client.get_run(run.run_id).info.run_name
    assert (state.mlflow_status, state.deleted) == ("RUNNING", False)
    assert (state.start_time_ms, state.end_time_ms) == (START_MS, None)
    assert (state.total_epochs, state.steps_per_epoch) == (3, 2)
    assert state.tags["fovea.message"] == "On it"
    assert state.last_step == 5
    assert state.latest["train/loss"].value == 0.2
    assert state.latest["system/cpu_utilization_percentage"].step == 77
    assert math.isnan(state.latest["val/loss"].value)
    assert {step: set(points) for step, points in state.recent.items()} == {
        4: {"train/loss", "val/loss"},
        5: {"train/loss"},
    }
    assert state.recent[5]["train/loss"].timestamp_ms == START_MS + 5000


def test_points_of_the_state_are_not_added_again(reader: RunReader, mlflow: Mlflow) -> None:
    run = mlflow.run()
    run.log(1, train__loss=0.5, val__loss=NAN)

    state = reader.state(run.run_id)

    assert state.add_points(list(state.recent[1].values())) == []
    assert reader.state(run.run_id, recent_steps=0).recent == {}


def test_the_last_of_several_points_at_a_step_counts_everywhere(
    reader: RunReader, mlflow: Mlflow
) -> None:
    run = mlflow.run()
    run.log(3, train__loss=0.1, timestamp_ms=START_MS + 9)
    run.log(3, train__loss=0.9, timestamp_ms=START_MS + 5)

    state = reader.state(run.run_id)

    assert state.recent[3]["train/loss"].value == 0.1
    assert state.latest["train/loss"].value == 0.1
    assert reader.metrics.series(run.run_id, "train/loss").values.tolist() == [0.1]
    [ends] = reader.metrics.span_ends(run.run_id, ["train/loss"], [EpochSpan(1, 1, 5)])
    assert ends == SpanEnds(1, state.latest["train/loss"], state.latest["train/loss"])


def test_a_state_has_no_more_than_the_newest_steps(reader: RunReader, mlflow: Mlflow) -> None:
    run = mlflow.run()
    for step in range(RECENT_STEPS + 5):
        run.log(step, train__loss=1.0)

    state = reader.state(run.run_id)

    assert sorted(state.recent) == list(range(5, RECENT_STEPS + 5))


def test_a_deleted_run_is_found_and_marked(reader: RunReader, mlflow: Mlflow) -> None:
    run = mlflow.run()
    run.client.delete_run(run.run_id)

    assert reader.state(run.run_id).deleted
    assert reader.default_run_id() is None


@pytest.mark.parametrize("run_id", ["0" * 32, "nobody", "", "0" * 31 + "\n", "a" * 33])
def test_a_run_that_is_not_there_is_refused(reader: RunReader, run_id: str) -> None:
    with pytest.raises(RunNotFoundError, match="There is no run"):
        reader.state(run_id)


def test_the_default_is_the_newest_active_run_else_the_newest(
    reader: RunReader, mlflow: Mlflow
) -> None:
    assert reader.default_run_id() is None
    oldest = mlflow.run(start_ms=START_MS)
    middle = mlflow.run(start_ms=START_MS + 1, experiment="another")
    newest = mlflow.run(start_ms=START_MS + 2, status="FAILED")

    assert reader.default_run_id() == middle.run_id
    middle.client.set_terminated(middle.run_id)
    assert reader.default_run_id() == oldest.run_id
    oldest.client.set_terminated(oldest.run_id)
    assert reader.default_run_id() == newest.run_id


def test_an_evaluation_is_never_the_default_run(reader: RunReader, mlflow: Mlflow) -> None:
    training = mlflow.run(start_ms=START_MS, status="FINISHED")
    tags = {"fovea.evaluated_run": training.run_id}
    evaluation = mlflow.run(start_ms=START_MS + 1, tags=tags)

    assert reader.default_run_id() == training.run_id
    evaluation.client.set_terminated(evaluation.run_id)
    assert reader.default_run_id() == training.run_id


def test_runs_are_found_by_experiment_and_status(reader: RunReader, mlflow: Mlflow) -> None:
    paused = mlflow.run(experiment="one", tags={"fovea.status": "paused"}, start_ms=START_MS)
    ended = mlflow.run(experiment="one", status="FINISHED", start_ms=START_MS + 1)
    other = mlflow.run(experiment="two", start_ms=START_MS + 2)
    other.log(5, train__loss=0.5)
    id_of_one = mlflow.client.get_run(paused.run_id).info.experiment_id

    def found(page: Page = EVERYTHING, **query: str) -> list[str]:
        runs = reader.find_runs(RunQuery(**query), page)
        return [run.state.run_id for run in runs.entries]

    assert found() == [other.run_id, ended.run_id, paused.run_id]
    assert found(Page(limit=1, offset=1)) == [ended.run_id]
    assert found(experiment="one") == found(experiment=id_of_one) == [ended.run_id, paused.run_id]
    assert found(experiment="three") == []
    assert found(status=RunStatus.PAUSED) == [paused.run_id]
    assert found(status=RunStatus.TRAINING) == [other.run_id]
    assert found(status=MlflowStatus.RUNNING) == [other.run_id, paused.run_id]
    [first, *_] = reader.find_runs(RunQuery(), EVERYTHING).entries
    assert (first.experiment_name, first.state.last_step) == ("two", 5)
    assert first.state.latest["train/loss"].value == 0.5
    assert reader.find_runs(RunQuery(experiment="one"), Page(limit=1)).total == 2


def test_a_listed_run_has_the_metrics_from_which_its_headlines_are_chosen(
    reader: RunReader, mlflow: Mlflow
) -> None:
    usual, unusual, none = (mlflow.run(start_ms=START_MS - number) for number in range(3))
    usual.log_named(1, {f"a{number}": 0.1 for number in range(600)})
    usual.log_named(2, {"eval_loss": 0.5})
    unusual.log_named(1, {"valid_0 l2": 0.25, "system/cpu": 1.0})
    none.log_named(1, {"x": NAN})
    listed = reader.find_runs(RunQuery(), EVERYTHING).entries
    names = [headline_names(run.state.latest) for run in listed]
    assert names == [["eval_loss"], ["valid_0 l2"], ["x"]]


def test_steps_points_and_epochs_exclude_system_metrics(reader: RunReader, mlflow: Mlflow) -> None:
    run = mlflow.run()
    run.log(-1, train__loss=9.0)
    for step in (1, 2, 5):
        run.log(step, train__loss=float(step), val__loss=INFINITY)
    run.log(3, system__cpu_utilization_percentage=10.0)
    metrics = reader.metrics

    assert metrics.steps(run.run_id, EVERYTHING) == [5, 2, 1, -1]
    assert metrics.steps(run.run_id, Page(limit=2, offset=1)) == [2, 1]
    assert metrics.num_steps(run.run_id) == 4
    points = metrics.points(run.run_id, 2, 5)
    assert sorted((point.step, point.name) for point in points) == [
        (2, "train/loss"),
        (2, "val/loss"),
        (5, "train/loss"),
        (5, "val/loss"),
    ]
    assert [point.step for point in points] == [2, 2, 5, 5]
    assert metrics.epochs(run.run_id, 2, EVERYTHING).entries == [3, 1]
    assert metrics.epochs(run.run_id, 2, Page(limit=1)).total == 2
    assert metrics.series(run.run_id, "train/loss").steps.tolist() == [-1, 1, 2, 5]
    assert len(metrics.series(run.run_id, "nothing")) == 0


def test_each_metric_has_its_first_and_last_point_in_each_span(
    reader: RunReader, mlflow: Mlflow
) -> None:
    run = mlflow.run()
    for step in range(1, 1001):
        if step % 7 == 0:
            run.log(step, train__loss=float(step))
    run.log(20, val__loss=NAN)
    spans = [EpochSpan(epoch, epoch * 2 - 1, epoch * 2) for epoch in range(1, 501)]

    ends = reader.metrics.span_ends(run.run_id, ["train/loss"], spans)
    of_two = reader.metrics.span_ends(
        run.run_id, ["train/loss", "val/loss", "nothing"], [EpochSpan(1, 10, 30)]
    )

    assert sorted(end.last.step for end in ends) == list(range(7, 1001, 7))
    assert {(end.epoch - 1) * 2 < end.last.step <= end.epoch * 2 for end in ends} == {True}
    assert sorted((end.first.name, end.first.step, end.last.step) for end in of_two) == [
        ("train/loss", 14, 28),
        ("val/loss", 20, 20),
    ]
    assert reader.metrics.span_ends(run.run_id, ["train/loss"], []) == []


def test_the_store_is_mlflow_s_own_and_opened_at_first_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "_tracking_store", None)
    monkeypatch.setattr(handlers.utils, "set_tracking_uri", lambda uri: None)
    reader = RunReader()
    monkeypatch.setenv(ARTIFACT_ROOT_ENV_VAR, str(tmp_path))
    monkeypatch.setenv(BACKEND_STORE_URI_ENV_VAR, f"sqlite:///{tmp_path}/mlflow.db")

    assert reader.default_run_id() is None
    assert (tmp_path / "mlflow.db").is_file()


def test_the_beginning_of_an_id_names_its_run_unless_several_begin_so(
    reader: RunReader, mlflow: Mlflow
) -> None:
    ids = [mlflow.run().run_id for _ in range(17)]
    first = ids[0]
    alike = next(it for it in ids if sum(other[0] == it[0] for other in ids) > 1)

    for length in (8, 31, 32):
        assert reader.full_run_id(first[:length]) == first
    assert reader.full_run_id(first[:12].upper()) == first
    for unknown in ("", "small", f"{first}0", "%", "_" * 8, first[:31] + "g"):
        assert reader.full_run_id(unknown) == unknown
    with pytest.raises(AmbiguousRunError, match="Several runs have an id that begins with"):
        reader.full_run_id(alike[0])


def test_several_states_are_read_at_once_with_the_wanted_metrics(
    reader: RunReader, mlflow: Mlflow
) -> None:
    runs = [mlflow.run(tags={"fovea.status": "training"}, status="RUNNING") for _ in range(2)]
    for run in runs:
        run.log(3, train__loss=0.5, val__loss=0.7)

    found = reader.states([*(it.run_id for it in runs), "0" * 32], ["train/loss"])

    assert set(found) == {it.run_id for it in runs}
    assert found[runs[0].run_id].latest["train/loss"].value == 0.5
    assert found[runs[0].run_id].last_step == 3
    assert found[runs[0].run_id].tags["fovea.status"] == "training"


def test_the_best_runs_of_each_experiment_are_ranked(reader: RunReader, mlflow: Mlflow) -> None:
    losses: list[float | None] = [0.5, NAN, 0.2, None]
    candidates = [mlflow.run(tags={Tag.CANDIDATE: str(at)}) for at in range(len(losses))]
    for run, loss in zip(candidates, losses, strict=True):
        if loss is not None:
            run.log_named(0, {CANDIDATE_LOSS: loss})
    older, newer = mlflow.run(), mlflow.run(start_ms=START_MS + 1, status="FINISHED")
    other = mlflow.run(experiment="other")
    ids = [str(mlflow.client.get_run(it.run_id).info.experiment_id) for it in (older, other)]

    found = reader.ranked(ids, 4)

    assert (found[ids[0]].num_runs, found[ids[1]].num_runs) == (6, 1)
    best = found[ids[0]].runs
    assert [it.run_id for it in best] == [
        it.run_id for it in (newer, older, candidates[2], candidates[0])
    ]
    assert [it.loss for it in best] == [None, None, 0.2, 0.5]
    assert [it.is_candidate for it in best] == [False, False, True, True]
    assert best[0].status is RunStatus.COMPLETED
    every = reader.ranked(ids[:1], 100)[ids[0]].runs
    assert {it.run_id: it.loss for it in every[-2:]} == {
        candidates[1].run_id: None,
        candidates[3].run_id: None,
    }
    assert reader.ranked([], 4) == {}


def test_a_run_that_is_asked_for_often_has_the_pace_of_all_its_recent_steps(
    reader: RunReader, mlflow: Mlflow
) -> None:
    run = mlflow.run(params={"total_epochs": "2", "steps_per_epoch": "300"})
    for step in range(1, RECENT_STEPS + 50):
        run.log(step, train__loss=0.5, other=1.0)

    whole, paced = reader.state(run.run_id), reader.paced_state(run.run_id)
    assert set(paced.recent) == {min(whole.recent), max(whole.recent)}
    assert training_status(paced, START_MS) == training_status(whole, START_MS)
    assert reader.paced_state(mlflow.run().run_id).recent == {}
