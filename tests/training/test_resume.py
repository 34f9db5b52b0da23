"""Killed trainings resume: the curve equals the undisturbed one bit for bit, without duplicates."""

import os
import signal

from mlflow.entities import Run

from tests.training.long_run import (
    TORCHRUN,
    arguments,
    assert_same_run,
    expect_success,
    run_named,
    wait_for_step,
    workers,
)
from tests.training.program import DEADLINE_S, Program


def test_torchrun_resumes_after_kill_9_of_a_worker(tracked: Program, undisturbed: Run) -> None:
    launch = (*TORCHRUN, "--max-restarts", "2")
    process = tracked.start("fit", *arguments(tracked, "torchrun", "worker"), launch=launch)
    wait_for_step(tracked, "worker", 13, process)
    os.kill(workers(process, "training")[1].pid, signal.SIGKILL)
    expect_success(process)
    assert_same_run(tracked, "worker", undisturbed)


def test_a_job_that_is_killed_with_all_its_processes_resumes_by_its_run_id(
    tracked: Program, undisturbed: Run
) -> None:
    process = tracked.start("fit", *arguments(tracked, "torchrun", "job"), launch=TORCHRUN)
    wait_for_step(tracked, "job", 17, process)
    ranks = workers(process, "training")
    process.kill()
    for worker in ranks:
        worker.kill()
    process.communicate(timeout=60)
    run = run_named(tracked, "job")
    assert run.info.status == "RUNNING", "no process was left to end the run"
    again = ("fit", "--launcher", "torchrun", "--run-id", run.info.run_id)
    output = tracked.finish(*again, launch=TORCHRUN)
    assert "Finished:" in output
    assert_same_run(tracked, "job", undisturbed)


def test_a_stopped_run_keeps_its_settings_and_continues_on_another_number_of_ranks(
    tracked: Program, undisturbed: Run
) -> None:
    settings = (*arguments(tracked, "single", "ranks"), "--batch-size", "4")
    process = tracked.start("fit", *settings)
    wait_for_step(tracked, "ranks", 13, process)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130, output
    run = run_named(tracked, "ranks")
    assert (run.info.status, run.data.tags["fovea.status"]) == ("KILLED", "stopped")
    again = ("--run-id", run.info.run_id)
    refused = tracked.start("fit", "--launcher", "single", *again, "--batch-size", "2")
    output, _ = refused.communicate(timeout=DEADLINE_S)
    assert refused.returncode == 1
    assert "batch_size from 4 to 2" in output
    output = tracked.finish("fit", "--launcher", "torchrun", *again, launch=TORCHRUN)
    assert "each of the 2 ranks now computes 1 micro-batches of 2 samples" in output
    assert run_named(tracked, "ranks").info.status == "FINISHED"
    for metric in ("train/loss", "train/learning_rate", "val/loss", "epoch"):
        expected = [step for step, _ in tracked.curve(undisturbed.info.run_id, metric)]
        assert [step for step, _ in tracked.curve(run.info.run_id, metric)] == expected, metric
