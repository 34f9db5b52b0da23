"""A finished training that several tests read."""

import pytest
from mlflow.entities import Run

from tests.training.program import TINY, Program


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
