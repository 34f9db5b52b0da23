"""Trainings on Ray whose ranks or whole program are killed, and what every launcher has in common."""

import os
import signal

import psutil
import pytest
from mlflow.entities import Run

from tests.training.long_run import (
    arguments,
    assert_same_run,
    expect_success,
    run_named,
    wait_for_step,
    workers,
)
from tests.training.program import DEADLINE_S, Program


def test_ray_restarts_from_the_last_checkpoint_after_kill_9_of_a_worker(
    tracked: Program, undisturbed: Run
) -> None:
    process = tracked.start("fit", *arguments(tracked, "ray", "ray"), "--workers", "2")
    wait_for_step(tracked, "ray", 13, process)
    os.kill(workers(process, "RayTrainWorker")[1].pid, signal.SIGKILL)
    expect_success(process)
    assert_same_run(tracked, "ray", undisturbed)


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.soak), signal.SIGTERM]
)
def test_an_interrupted_training_on_ray_is_killed_not_finished(
    tracked: Program, number: signal.Signals
) -> None:
    name = f"ray-{number.name}"
    settings = (*arguments(tracked, "ray", name), "--workers", "2", "--epochs", "200")
    process = tracked.start("fit", *settings)
    wait_for_step(tracked, name, 3, process)
    descendants = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130, output
    run = run_named(tracked, name)
    assert (run.info.status, run.data.tags["fovea.status"]) == ("KILLED", "stopped")
    assert psutil.wait_procs(descendants, timeout=30)[1] == [], "nothing is left running"


def test_every_launcher_logs_the_same_metric_names(tracked: Program, undisturbed: Run) -> None:
    tracked.finish("fit", *arguments(tracked, "single", "alone"), "--epochs", "1")
    names = {
        frozenset(name for name in run.data.metrics if not name.startswith("system/"))
        for run in (undisturbed, run_named(tracked, "ray"), run_named(tracked, "alone"))
    }
    assert len(names) == 1
