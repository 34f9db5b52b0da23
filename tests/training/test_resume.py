"""Killed trainings resume: the curve equals the undisturbed one bit for bit, without duplicates."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from mlflow.entities import Run

from tests.training.program import DEADLINE_S, TINY, Program
from tests.training.tracking_server import TrackingServer
from tests.waiting import until

LONG = (
    *TINY,
    *("--epochs", "4", "--batch-size", "2", "--checkpoint-every-steps", "5"),
    *("--ema-decay", "0.9", "--deterministic"),
)
NUM_STEPS = 36
"""36 images over 2 ranks of 2, four epochs."""
SAME_CURVES = ("train/loss", "train/accuracy", "val/loss", "val/kappa")
TORCHRUN = (
    *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
    *("--nproc-per-node", "2"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    server = TrackingServer(tmp_path_factory.mktemp("server")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, server: TrackingServer) -> Program:
    return Program(tmp_path_factory.mktemp("program"), tracking_uri=server.uri)


@pytest.fixture(scope="module")
def undisturbed(program: Program) -> Run:
    program.finish("fit", *_arguments(program, "torchrun", "undisturbed"), launch=TORCHRUN)
    return _run_named(program, "undisturbed")


def test_torchrun_resumes_after_kill_9_of_a_worker(program: Program, undisturbed: Run) -> None:
    launch = (*TORCHRUN, "--max-restarts", "2")
    process = program.start("fit", *_arguments(program, "torchrun", "worker"), launch=launch)
    _wait_for_step(program, "worker", 13, process)
    os.kill(_workers(process, "training")[1].pid, signal.SIGKILL)
    _expect_success(process)
    _assert_same_run(program, "worker", undisturbed)


def test_a_job_that_is_killed_with_all_its_processes_resumes_by_its_run_id(
    program: Program, undisturbed: Run
) -> None:
    process = program.start("fit", *_arguments(program, "torchrun", "job"), launch=TORCHRUN)
    _wait_for_step(program, "job", 17, process)
    workers = _workers(process, "training")
    process.kill()
    for worker in workers:
        worker.kill()
    process.communicate(timeout=60)
    run = _run_named(program, "job")
    assert run.info.status == "RUNNING", "no process was left to end the run"
    arguments = ("fit", "--launcher", "torchrun", "--run-id", run.info.run_id)
    output = program.finish(*arguments, launch=TORCHRUN)
    assert "Finished:" in output
    _assert_same_run(program, "job", undisturbed)


def test_a_run_continues_on_another_number_of_ranks_with_the_same_steps(
    program: Program, undisturbed: Run
) -> None:
    settings = (*_arguments(program, "single", "ranks"), "--batch-size", "4")
    process = program.start("fit", *settings)
    _wait_for_step(program, "ranks", 13, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=DEADLINE_S) == 130
    run_id = _run_named(program, "ranks").info.run_id
    output = program.finish("fit", "--launcher", "torchrun", "--run-id", run_id, launch=TORCHRUN)
    assert "each of the 2 ranks now computes 1 micro-batches of 2 samples" in output
    assert _run_named(program, "ranks").info.status == "FINISHED"
    for metric in ("train/loss", "train/learning_rate", "val/loss", "epoch"):
        expected = [step for step, _ in program.curve(undisturbed.info.run_id, metric)]
        assert [step for step, _ in program.curve(run_id, metric)] == expected, metric


def test_ray_restarts_from_the_last_checkpoint_after_kill_9_of_a_worker(
    program: Program, undisturbed: Run
) -> None:
    process = program.start("fit", *_arguments(program, "ray", "ray"), "--workers", "2")
    _wait_for_step(program, "ray", 13, process)
    os.kill(_workers(process, "RayTrainWorker")[1].pid, signal.SIGKILL)
    _expect_success(process)
    _assert_same_run(program, "ray", undisturbed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_on_ray_is_killed_not_finished(
    program: Program, number: signal.Signals
) -> None:
    name = f"ray-{number.name}"
    settings = (*_arguments(program, "ray", name), "--workers", "2", "--epochs", "200")
    process = program.start("fit", *settings)
    _wait_for_step(program, name, 3, process)
    descendants = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130, output
    run = _run_named(program, name)
    assert (run.info.status, run.data.tags["fovea.status"]) == ("KILLED", "stopped")
    assert psutil.wait_procs(descendants, timeout=30)[1] == [], "nothing is left running"


def test_a_resumed_run_keeps_its_settings(program: Program) -> None:
    settings = (*_arguments(program, "single", "settings"), "--epochs", "200")
    process = program.start("fit", *settings)
    _wait_for_step(program, "settings", 3, process)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130, output
    run = _run_named(program, "settings")
    assert (run.info.status, run.data.tags["fovea.status"]) == ("KILLED", "stopped")
    refused = program.start(
        "fit", "--launcher", "single", "--run-id", run.info.run_id, "--batch-size", "4"
    )
    output, _ = refused.communicate(timeout=DEADLINE_S)
    assert refused.returncode == 1
    assert "batch_size from 2 to 4" in output


def _arguments(program: Program, launcher: str, name: str) -> tuple[str, ...]:
    return ("--launcher", launcher, "--data", str(program.data), "--run-name", name, *LONG)


def _run_named(program: Program, name: str) -> Run:
    (run,) = (run for run in program.runs() if run.info.run_name == name)
    return run


def _wait_for_step(program: Program, name: str, step: int, process: subprocess.Popen[str]) -> None:
    def reached() -> bool:
        assert process.poll() is None, process.communicate()[0]
        runs = [run for run in program.runs() if run.info.run_name == name]
        return bool(runs) and len(program.curve(runs[0].info.run_id, "epoch")) >= step

    until(reached, f"step {step} of the run {name}", DEADLINE_S)


def _workers(process: subprocess.Popen[str], word: str) -> list[psutil.Process]:
    found = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if any(word in part for part in child.cmdline())
    ]
    assert len(found) >= 2, found
    return sorted(found, key=lambda child: child.pid)


def _expect_success(process: subprocess.Popen[str]) -> None:
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, output


def _assert_same_run(program: Program, name: str, undisturbed: Run) -> None:
    run = _run_named(program, name)
    assert run.info.status == "FINISHED"
    for metric in SAME_CURVES:
        expected = program.curve(undisturbed.info.run_id, metric)
        assert program.curve(run.info.run_id, metric) == expected, metric
    steps = [step for step, _ in program.curve(run.info.run_id, "train/loss")]
    assert steps == list(range(1, NUM_STEPS + 1))


def test_every_launcher_logs_the_same_metric_names(program: Program, undisturbed: Run) -> None:
    program.finish("fit", *_arguments(program, "single", "alone"))
    names = {
        frozenset(name for name in run.data.metrics if not name.startswith("system/"))
        for run in (undisturbed, _run_named(program, "ray"), _run_named(program, "alone"))
    }
    assert len(names) == 1
