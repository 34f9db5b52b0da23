"""A finished training that several tests look at."""

import pytest

from tests.training.program import TINY, Program


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A small training that has FINISHED; tests may add to its run but not change it."""
    program = Program(tmp_path_factory.mktemp("trained"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        arguments = ("fit", "--launcher", "single", "--data", str(program.data), *TINY)
        assert program.run_here(monkeypatch, *arguments) == 0
    return program
