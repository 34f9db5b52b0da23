"""Trainings that several tests read."""

from collections.abc import Iterator

import pytest
import torch
from mlflow.entities import Run

from tests.training.long_run import TORCHRUN, arguments, run_named
from tests.training.program import TINY, Program
from tests.training.tracking_server import TrackingServer


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """PyTorch computes in one thread of this process, also after a training, which would use all
    processors from then on: beside other tests, each operation would wait in a busy loop for a second one.
    """
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
        yield


@pytest.fixture(scope="session")
def trained_and_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Run]:
    program = Program(tmp_path_factory.mktemp("trained"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        arguments = ("fit", "--launcher", "single", "--data", str(program.data), *TINY)
        assert program.run_here(monkeypatch, *arguments) == 0
    return program, program.only_run()


@pytest.fixture
def trained(trained_and_run: tuple[Program, Run]) -> Program:
    """A small training that has FINISHED; tests may add to its run but not change it."""
    return trained_and_run[0]


@pytest.fixture
def finished_run(trained_and_run: tuple[Program, Run]) -> Run:
    """The run of that training, as it was before any test added to it."""
    return trained_and_run[1]


@pytest.fixture(scope="module")
def tracking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    server = TrackingServer(tmp_path_factory.mktemp("server")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory, tracking_server: TrackingServer) -> Program:
    """The training program with a tracking server."""
    return Program(tmp_path_factory.mktemp("program"), tracking_uri=tracking_server.uri)


@pytest.fixture(scope="module")
def undisturbed(tracked: Program) -> Run:
    """The long run, which nothing has interrupted."""
    tracked.finish("fit", *arguments(tracked, "torchrun", "undisturbed"), launch=TORCHRUN)
    return run_named(tracked, "undisturbed")
