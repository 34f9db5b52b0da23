"""RunControl pauses and stops a loop by the server's commands, and reports the loop's state."""

import gc
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from tests.mlflow_database import new_store
from tests.tracking_plugin.control_server import ControlServer, control_server
from tests.waiting import DEADLINE_S, until
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import MAX_MESSAGE_CHARS, Command, Desired, Observed, Report

RUN_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def server() -> Iterator[ControlServer]:
    with control_server() as server:
        yield server


@pytest.fixture
def control(server: ControlServer) -> Iterator[RunControl]:
    control = RunControl(RUN_ID, tracking_uri=server.url)
    yield control
    control.close()


@pytest.fixture
def local_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """An MLflow store for the fluent API, used by one test alone."""
    before = mlflow.get_tracking_uri()
    uri = new_store(tmp_path)
    monkeypatch.chdir(tmp_path)  # without a server, artifacts go to the working directory
    mlflow.set_tracking_uri(uri)
    yield MlflowClient(uri)
    mlflow.set_tracking_uri(before)


class Loop:
    """Takes steps in a thread until `should_stop` returns True."""

    def __init__(self, control: RunControl) -> None:
        self.num_steps = 0
        self._control = control
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._control.should_stop(self.num_steps):
            self.num_steps += 1

    def wait_for_steps(self) -> None:
        before = self.num_steps
        until(lambda: self.num_steps > before + 10, "more steps")

    def join(self) -> None:
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()


def wait_for_command(control: RunControl, command_id: int) -> None:
    until(lambda: control.command.command_id == command_id, f"the command {command_id}")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_loop_pauses_resumes_and_stops_as_commanded(
    server: ControlServer, control: RunControl
) -> None:
    loop = Loop(control)
    loop.wait_for_steps()
    for _ in range(3):
        server.set_desired(Desired.PAUSED)
        paused = server.wait_for_report(Observed.PAUSED)
        assert paused.step == loop.num_steps
        server.set_desired(Desired.RUNNING)
        server.wait_for_report(Observed.TRAINING)
        loop.wait_for_steps()
        assert loop.num_steps > (paused.step or 0)
    server.set_desired(Desired.STOPPED)
    loop.join()
    assert server.wait_for_report(Observed.STOPPING).step == loop.num_steps


def test_a_paused_loop_takes_no_step_until_it_is_resumed_or_stopped(
    server: ControlServer, control: RunControl
) -> None:
    loop = Loop(control)
    server.set_desired(Desired.PAUSED)
    step = server.wait_for_report(Observed.PAUSED).step
    # A second pause is acknowledged during the first: the loop has read the command, and stays paused.
    for _ in range(2):
        server.set_desired(Desired.PAUSED)
        assert server.wait_for_report(Observed.PAUSED).step == step
    assert loop.num_steps == step
    server.set_desired(Desired.STOPPED)
    loop.join()
    assert loop.num_steps == step


def test_a_stop_before_the_first_step_ends_the_loop_at_its_first_check(
    server: ControlServer, control: RunControl
) -> None:
    server.set_desired(Desired.STOPPED)
    wait_for_command(control, 1)
    assert control.should_stop(0)
    assert control.should_stop(1), "a second check returns the same"


def test_a_command_from_before_the_connection_applies_at_the_first_check(
    server: ControlServer,
) -> None:
    server.set_desired(Desired.STOPPED)
    with closing(RunControl(RUN_ID, tracking_uri=server.url)) as control:
        assert control.should_stop(0)


def test_a_pause_that_was_revoked_before_the_next_step_is_not_reported(
    server: ControlServer, control: RunControl
) -> None:
    assert not control.should_stop(1)
    server.set_desired(Desired.PAUSED)
    server.set_desired(Desired.RUNNING)
    wait_for_command(control, 2)
    assert not control.should_stop(2)
    server.wait_for_report(Observed.TRAINING)
    assert all(report.observed is Observed.TRAINING for report in server.reports)


def test_each_command_is_acknowledged_once(server: ControlServer, control: RunControl) -> None:
    for step in range(100):
        assert not control.should_stop(step)
    server.set_desired(Desired.RUNNING)
    wait_for_command(control, 1)
    for step in range(100, 200):
        assert not control.should_stop(step)
    server.wait_for_report(Observed.TRAINING)
    numbers = {report.number for report in server.reports}
    assert numbers <= {1, 2}


def test_a_loop_stays_paused_while_the_server_restarts(
    server: ControlServer, control: RunControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking_plugin.control_link.FIRST_RETRY_DELAY_S", 0.05)
    loop = Loop(control)
    server.set_desired(Desired.PAUSED)
    step = server.wait_for_report(Observed.PAUSED).step
    server.stop()
    server.reports.clear()
    server.start()
    server.wait_for_report(Observed.PAUSED)
    assert loop.num_steps == step
    server.set_desired(Desired.STOPPED)
    loop.join()


def test_a_report_is_acknowledged_by_its_number(server: ControlServer, control: RunControl) -> None:
    number = control.report(Observed.PAUSED, step=3, message="x" * 5000, released=True)
    assert control.wait_acknowledged(number, DEADLINE_S)
    assert server.last_report == Report(
        observed=Observed.PAUSED,
        number=number,
        command_id=0,
        step=3,
        message="x" * MAX_MESSAGE_CHARS,
        released=True,
    )
    assert not control.wait_acknowledged(number + 1, 0.0)


def test_an_acknowledgement_is_not_a_new_command(
    server: ControlServer, control: RunControl
) -> None:
    server.set_desired(Desired.PAUSED)
    wait_for_command(control, 1)
    assert control.wait_acknowledged(control.report(Observed.PAUSING), DEADLINE_S)
    assert control.command == Command(desired=Desired.PAUSED, command_id=1)
    assert control.wait_for_change(control.command, 0.0) == control.command


def test_a_step_may_be_an_integer_of_another_library(
    server: ControlServer, control: RunControl
) -> None:
    control.should_stop(np.int64(7))  # type: ignore[arg-type] # loops over NumPy arrays count like this
    assert server.wait_for_report(Observed.TRAINING).step == 7


def test_without_a_server_one_warning_is_logged_and_the_training_continues(
    local_runs: MlflowClient, caplog: pytest.LogCaptureFixture
) -> None:
    with mlflow.start_run() as run, RunControl() as control:
        assert not any(control.should_stop(step) for step in range(100))
        assert control.run_id == run.info.run_id
    (warning,) = warnings(caplog)
    assert "tracking URI is not a server's" in warning
    assert local_runs.get_run(run.info.run_id).info.status == "FINISHED"


def test_a_server_without_control_does_not_stop_the_loop(
    server: ControlServer, control: RunControl, caplog: pytest.LogCaptureFixture
) -> None:
    control.close()
    server.status = 404
    with RunControl(RUN_ID, tracking_uri=server.url) as refused:
        until(lambda: warnings(caplog), "the warning")
        assert not any(refused.should_stop(step) for step in range(100))
    assert len(warnings(caplog)) == 1


def test_without_an_active_run_one_warning_is_logged_and_the_training_continues(
    local_runs: MlflowClient, caplog: pytest.LogCaptureFixture
) -> None:
    with RunControl() as control:
        assert not any(control.should_stop(step) for step in range(10))
    (warning,) = warnings(caplog)
    assert "no MLflow run is active" in warning


def test_the_first_run_that_is_active_at_a_step_is_controlled(
    server: ControlServer, local_runs: MlflowClient
) -> None:
    with RunControl(tracking_uri=server.url) as control:
        assert not control.should_stop(1)
        with mlflow.start_run() as run:
            assert not control.should_stop(2)
            assert control.run_id == run.info.run_id
            assert server.wait_for_report(Observed.TRAINING).step == 2


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt, SystemExit])
def test_a_loop_that_ends_says_that_it_listens_no_more(
    server: ControlServer, error: type[BaseException] | None
) -> None:
    with suppress(ValueError, KeyboardInterrupt, SystemExit), control_of(server) as control:
        assert not control.should_stop(1)
        if error is not None:
            raise error
    server.wait_for_report(Observed.DETACHED)
    until(lambda: not server.is_connected, "the end of the link")


def test_a_control_that_nobody_refers_to_any_more_ends(server: ControlServer) -> None:
    control = control_of(server)
    assert not control.should_stop(1)
    server.wait_for_report(Observed.TRAINING)
    del control
    gc.collect()
    until(lambda: has_detached(server), "the last report")
    until(lambda: not server.is_connected, "the end of the link")


def test_a_program_that_exits_without_a_with_block_ends_its_control(server: ControlServer) -> None:
    program = f"""
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Observed
control = RunControl({RUN_ID!r}, tracking_uri={server.url!r})
number = control.report(Observed.TRAINING)
assert control.wait_acknowledged(number, 30)
raise RuntimeError("a bug")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, timeout=60
    )
    assert ended.returncode == 1
    until(lambda: has_detached(server), "the last report")


def test_a_run_that_cannot_be_ended_does_not_end_the_program_with_an_error(
    server: ControlServer, local_runs: MlflowClient, caplog: pytest.LogCaptureFixture
) -> None:
    def delete() -> None:
        run = mlflow.active_run()
        assert run is not None
        local_runs.delete_run(run.info.run_id)

    run = mlflow.start_run()
    try:
        with RunControl(tracking_uri=server.url) as control:
            server.set_desired(Desired.STOPPED)
            wait_for_command(control, 1)
            assert control.should_stop(1)
            delete()
    finally:
        local_runs.restore_run(run.info.run_id)
        mlflow.end_run()
    assert "could not be ended as KILLED" in warnings(caplog)[-1]


def has_detached(server: ControlServer) -> bool:
    return server.last_report is not None and server.last_report.observed is Observed.DETACHED


def control_of(server: ControlServer) -> RunControl:
    return RunControl(RUN_ID, tracking_uri=server.url)


def stopped_run(server: ControlServer, after_stop: Callable[[], None] = lambda: None) -> str:
    with mlflow.start_run() as run, RunControl(tracking_uri=server.url) as control:
        server.set_desired(Desired.STOPPED)
        wait_for_command(control, 1)
        assert control.should_stop(1)
        mlflow.log_metric("loss", 0.5)
        after_stop()
    return str(run.info.run_id)


def test_a_run_that_was_stopped_ends_killed_with_its_metrics(
    server: ControlServer, local_runs: MlflowClient
) -> None:
    run = local_runs.get_run(stopped_run(server))
    assert run.info.status == "KILLED"
    assert run.data.metrics == {"loss": 0.5}
    assert server.wait_for_report(Observed.STOPPING).step == 1
    assert len(local_runs.search_runs([run.info.experiment_id])) == 1


def test_a_loop_that_fails_after_a_stop_has_failed(
    server: ControlServer, local_runs: MlflowClient
) -> None:
    def fail() -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        stopped_run(server, fail)
    (run,) = local_runs.search_runs(["0"])
    assert run.info.status == "FAILED"


def test_the_server_is_asked_to_end_a_stopped_run_that_this_process_has_not_opened(
    server: ControlServer,
) -> None:
    with RunControl(RUN_ID, tracking_uri=server.url) as control:
        server.set_desired(Desired.STOPPED)
        wait_for_command(control, 1)
        assert control.should_stop(4)
    assert server.last_report is not None
    assert (server.last_report.observed, server.last_report.command_id) == (Observed.STOPPED, 1)


class Ranks:
    """Threads in place of ranks, with a collective made of a barrier."""

    def __init__(self, url: str, world_size: int) -> None:
        self.barrier = threading.Barrier(world_size, timeout=DEADLINE_S)
        self.codes = [0] * world_size
        self.num_steps = [0] * world_size
        self.threads = [
            threading.Thread(target=self.run, args=(rank, url)) for rank in range(world_size)
        ]
        for thread in self.threads:
            thread.start()

    def run(self, rank: int, url: str) -> None:
        def share(code: int) -> int:
            self.codes[rank] = code
            self.barrier.wait()
            shared = self.codes[0]
            self.barrier.wait()
            return shared

        control = RunControl(RUN_ID, tracking_uri=url, is_main=rank == 0, share=share)
        with control:
            while not control.should_stop(self.num_steps[rank]):
                self.num_steps[rank] += 1

    def join(self) -> None:
        for thread in self.threads:
            thread.join(DEADLINE_S)
        assert not any(thread.is_alive() for thread in self.threads)


def test_all_ranks_pause_and_stop_at_the_same_step(server: ControlServer) -> None:
    ranks = Ranks(server.url, 3)
    for _ in range(3):
        server.set_desired(Desired.PAUSED)
        step = server.wait_for_report(Observed.PAUSED).step
        assert ranks.num_steps == [step] * 3
        server.set_desired(Desired.RUNNING)
        server.wait_for_report(Observed.TRAINING)
    server.set_desired(Desired.STOPPED)
    ranks.join()
    assert len(set(ranks.num_steps)) == 1
    assert len(server.requests) == 1, "only rank 0 connects"
