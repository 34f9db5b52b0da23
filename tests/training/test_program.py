"""A recipe without the torch loop: `fit` records, controls and ends its run like any other."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.tracking_plugin.control_server import ControlServer
from tests.training.controlled import controlled, stop_once_paused
from tests.training.program import Program
from tracking_plugin.control_messages import Desired, Observed
from training import program as program_module
from training.recipes import registry

LINE_SPEC = "tests.training.program_recipe:LineSpec"
FIT_WITHOUT_TORCH = """
import sys
from training.__main__ import main
from training.recipes import registry
registry.RECIPES["line"] = "tests.training.program_recipe:LineSpec"
status = main(sys.argv[1:])
assert "torch" not in sys.modules
sys.exit(status)
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path)
    (tmp_path / "numbers.txt").write_text("1\n2\n6\n")
    return program


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.RECIPES, "line", LINE_SPEC)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlServer]:
    with controlled(monkeypatch, program_module) as server:
        yield server


def arguments(program: Program, *more: str) -> tuple[str, ...]:
    data = str(program.root / "numbers.txt")
    return ("fit", "--recipe", "line", "--launcher", "single", "--data", data, *more)


def test_the_run_has_its_params_data_set_metrics_and_ending(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program.run_here(monkeypatch, *arguments(program, "--steps", "3")) == 0
    run = program.only_run()
    assert (run.info.status, run.data.tags["fovea.status"]) == ("FINISHED", "completed")
    assert run.data.tags["fovea.recipe"] == "line"
    params = {name: run.data.params[name] for name in ("recipe", "steps", "num_rows")}
    assert params == {"recipe": "line", "steps": "3", "num_rows": "3"}
    (dataset_input,) = run.inputs.dataset_inputs
    assert dataset_input.dataset.name == "numbers"
    assert program.curve(run.info.run_id, "train/loss") == [(1, 2.25), (2, 0.5625), (3, 0.140625)]
    assert program.json_artifact(run.info.run_id, "line.json") == {"level": 2.625}
    assert program.json_artifact(run.info.run_id, "config.json")["recipe"] == "line"
    assert not list((program.root / "fovea" / "work").iterdir())


def test_it_trains_without_torch(program: Program) -> None:
    root = Path(__file__).parents[2]
    fit = subprocess.run(
        [sys.executable, "-c", FIT_WITHOUT_TORCH, *arguments(program)],
        cwd=program.root,
        env={**program.variables(), "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert fit.returncode == 0, fit.stderr
    assert "Finished:" in fit.stdout
    assert program.only_run().info.status == "FINISHED"


def test_it_is_paused_and_stopped_like_any_other_run(
    program: Program, server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.set_desired(Desired.PAUSED)
    with ThreadPoolExecutor() as pool:
        commanding = pool.submit(stop_once_paused, server)
        assert program.run_here(monkeypatch, *arguments(program, "--steps", "10000000")) == 0
    commanding.result()
    run = program.only_run()
    assert (run.info.status, run.data.tags["fovea.status"]) == ("KILLED", "stopped")
    assert server.last_report is not None
    assert server.last_report.observed is Observed.STOPPING
    steps = [step for step, _ in program.curve(run.info.run_id, "train/loss")]
    assert steps == list(range(1, (server.last_report.step or 0) + 1))


def test_a_failure_ends_the_run_with_its_message(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program.root / "numbers.txt").write_text("one\n")
    assert program.run_here(monkeypatch, *arguments(program)) == 1
    run = program.only_run()
    assert (run.info.status, run.data.tags["fovea.status"]) == ("FAILED", "error")
    assert "The numbers cannot be read" in run.data.tags["fovea.message"]
    assert "The numbers cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--workers", "2"), "the recipe line trains in one process"),
        (("--steps", "0"), "steps: "),
    ],
)
def test_settings_that_do_not_fit_are_refused_without_a_run(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    message: str,
) -> None:
    assert program.run_here(monkeypatch, *arguments(program, *more)) == 1
    assert message in capsys.readouterr().err
    assert not program.runs()


def test_its_finished_run_has_no_model_to_evaluate(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.run_here(monkeypatch, *arguments(program)) == 0
    run_id = program.only_run().info.run_id
    assert program.run_here(monkeypatch, "evaluate", "--run-id", run_id) == 1
    assert "LineSpec" in capsys.readouterr().err
