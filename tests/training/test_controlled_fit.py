"""The fit command under control: how stopped and released runs end, and what they have recorded."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mlflow.entities import Run

from tests.tracking_plugin.control_server import ControlServer
from tests.training.controlled import controlled, stop_once_paused
from tests.training.program import TINY, Program
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Desired, Observed
from training import loop_rank
from training.checkpoints.store import CheckpointStore
from training.errors import CheckpointError

NUM_STEPS = 18
FIT = ("fit", "--launcher", "single")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlServer]:
    """A control server, beside a store that needs no server."""
    with controlled(monkeypatch, loop_rank) as server:
        yield server


def fit(program: Program, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    return program.run_here(monkeypatch, *FIT, "--data", str(program.data), *TINY, *arguments)


def recorded_steps(program: Program, run: Run, metric: str) -> list[int]:
    return [step for step, _ in program.curve(run.info.run_id, metric)]


def test_a_run_that_is_stopped_while_paused_is_killed_with_all_its_metrics(
    program: Program, server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.set_desired(Desired.PAUSED)
    with ThreadPoolExecutor() as pool:
        commanding = pool.submit(stop_once_paused, server)
        assert fit(program, monkeypatch) == 0
    commanding.result()
    run = program.only_run()
    assert (run.info.status, run.data.tags["fovea.status"]) == ("KILLED", "stopped")
    assert run.data.tags["fovea.message"] == ""
    assert [report.observed for report in server.reports][-1] is Observed.STOPPING
    assert server.last_report is not None
    steps = list(range(1, (server.last_report.step or 0) + 1))
    assert 1 <= len(steps) < NUM_STEPS
    for metric in ("train/loss", "train/accuracy", "epoch"):
        assert recorded_steps(program, run, metric) == steps
    assert not list((program.root / "fovea" / "work").iterdir())
    assert not program.client.search_model_versions("name='fovea-retinal'")


def test_a_stopped_run_that_could_not_be_saved_says_so(
    program: Program, server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise CheckpointError("No room is left.")

    monkeypatch.setattr(CheckpointStore, "save", no_room)
    server.set_desired(Desired.STOPPED)
    assert fit(program, monkeypatch) == 0
    run = program.only_run()
    assert run.info.status == "KILLED"
    message = run.data.tags["fovea.message"]
    assert message == "Stopped without a last checkpoint: No room is left."


def test_a_released_run_is_resumed_as_the_same_run(
    program: Program, server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.set_desired(Desired.PAUSED, release=True)
    assert fit(program, monkeypatch) == 0
    released = program.only_run()
    assert released.info.status == "RUNNING"
    report = server.wait_for_report(Observed.PAUSED)
    assert report.released
    assert recorded_steps(program, released, "train/loss") == list(range(1, (report.step or 0) + 1))
    server.set_desired(Desired.RUNNING)
    assert fit(program, monkeypatch, "--run-id", released.info.run_id) == 0
    run = program.only_run()
    assert run.info.status == "FINISHED"
    for metric in ("train/loss", "epoch"):
        assert recorded_steps(program, run, metric) == list(range(1, NUM_STEPS + 1))


def test_a_release_without_acknowledgement_fails_the_run_and_says_how_to_resume_it(
    program: Program, server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunControl, "wait_acknowledged", lambda *_: False)
    server.set_desired(Desired.PAUSED, release=True)
    assert fit(program, monkeypatch) == 1
    run = program.only_run()
    assert run.info.status == "FAILED"
    assert "Resume the same run: fit --run-id" in run.data.tags["fovea.message"]
    assert fit(program, monkeypatch, "--run-id", run.info.run_id) == 1, "it must still pause"
    server.set_desired(Desired.RUNNING)
    assert fit(program, monkeypatch, "--run-id", run.info.run_id) == 0
    assert recorded_steps(program, program.only_run(), "epoch") == list(range(1, NUM_STEPS + 1))
