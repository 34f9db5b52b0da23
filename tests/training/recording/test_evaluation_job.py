"""Evaluation jobs: the status of a job's MLflow run while it computes, and how the run ends."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.mlflow_database import new_store
from tests.tracking_plugin.control_server import ControlServer
from tests.training.controlled import controlled
from tests.waiting import DEADLINE_S
from tracking_plugin.control_messages import Desired, Observed
from training.errors import DataError, TrackingError
from training.recording import stop_listener
from training.recording.evaluation_job import evaluation_job
from training.recording.run_record import RunRecord
from training.settings import TrainingSettings


class Store:
    """An MLflow store with the run of a job and the run that it scores."""

    def __init__(self, folder: Path) -> None:
        self.tracking_uri = new_store(folder)
        self.settings = TrainingSettings(data_dir=folder)
        self.client = MlflowClient(self.tracking_uri)
        experiment = self.client.create_experiment("e", artifact_location=str(folder / "artifacts"))
        self.job = self.client.create_run(experiment).info.run_id
        self.scored = RunRecord(self.tracking_uri, self.client.create_run(experiment))

    def job_run(self) -> Run:
        return self.client.get_run(self.job)

    def ending(self) -> tuple[str, str, str]:
        run = self.job_run()
        tags = run.data.tags
        return run.info.status, tags["fovea.status"], tags["fovea.message"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlServer]:
    with controlled(monkeypatch, stop_listener) as server:
        yield server


@pytest.fixture
def interrupting_sigterm() -> Iterator[None]:
    """SIGTERM interrupts, as it does in the program."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    yield
    signal.signal(signal.SIGTERM, before)


def test_the_run_of_a_job_is_starting_then_training_then_completed(store: Store) -> None:
    with evaluation_job(store.job, store.tracking_uri, store.settings) as job:
        assert store.ending() == ("SCHEDULED", "starting", "")
        job.begin(store.scored)
        run = store.job_run()
        assert (run.info.status, run.data.tags["fovea.status"]) == ("RUNNING", "training")
        assert run.data.tags["fovea.evaluated_run"] == store.scored.run_id
        job.link_reports(store.scored, ["evaluation/test/report.html"])
    assert store.ending() == ("FINISHED", "completed", "")


def test_a_refusal_ends_the_run_of_the_job_with_its_message(store: Store) -> None:
    with (
        pytest.raises(DataError),
        evaluation_job(store.job, store.tracking_uri, store.settings),
    ):
        raise DataError("The data has other classes.")
    assert store.ending() == ("FAILED", "error", "The data has other classes.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("interrupting_sigterm")
def test_a_signal_ends_the_run_of_the_job_as_killed(store: Store, number: signal.Signals) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        evaluation_job(store.job, store.tracking_uri, store.settings),
    ):
        signal.raise_signal(number)
    assert store.ending() == ("KILLED", "stopped", "Interrupted.")


@pytest.mark.usefixtures("interrupting_sigterm")
def test_a_stop_from_the_server_interrupts_the_computation_without_an_error(
    store: Store, server: ControlServer
) -> None:
    def stop_once_it_computes() -> None:
        server.wait_for_report(Observed.TRAINING)
        server.set_desired(Desired.STOPPED)

    with (
        ThreadPoolExecutor() as pool,
        evaluation_job(store.job, store.tracking_uri, store.settings),
    ):
        commanding = pool.submit(stop_once_it_computes)
        signal.sigtimedwait([], DEADLINE_S)
        raise AssertionError("The computation was not interrupted.")
    commanding.result()
    assert store.ending() == ("KILLED", "stopped", "")
    assert server.last_report is not None
    assert server.last_report.observed is Observed.STOPPING


def test_without_a_run_of_its_own_an_evaluation_records_nothing(store: Store) -> None:
    with evaluation_job("", store.tracking_uri, store.settings) as job:
        job.begin(store.scored)
        job.link_reports(store.scored, ["report.html"])
    assert store.job_run().info.status == "RUNNING", "as it was created"


def test_an_unknown_run_of_a_job_is_named(store: Store) -> None:
    with (
        pytest.raises(TrackingError, match="no run abc"),
        evaluation_job("abc", store.tracking_uri, store.settings),
    ):
        raise AssertionError("The evaluation started.")
