"""The `fovea` command as a test runs it, and a server that trains."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.cli.main import main
from tests.api.client.fake_ray import TrainingServer, training_server

FOVEA = Path(sys.executable).parent / "fovea"
"""The command as a program, for tests that signal it or read its output while it runs."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


Fovea = Callable[..., Result]


@pytest.fixture
def fovea(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fovea:
    """Runs the command in this process."""

    def run(*arguments: str) -> Result:
        monkeypatch.setattr("sys.argv", ["fovea", *arguments])
        with pytest.raises(SystemExit) as exited:
            main()
        assert isinstance(exited.value.code, int)
        captured = capsys.readouterr()
        return Result(code=exited.value.code, out=captured.out, err=captured.err)

    return run


@pytest.fixture(scope="session")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainingServer]:
    with training_server(tmp_path_factory.mktemp("trainer")) as trainer:
        yield trainer
