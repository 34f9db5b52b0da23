"""A training of two ranks that is long enough to be killed in the middle."""

import subprocess
import sys

import psutil
from mlflow.entities import Run

from tests.training.program import DEADLINE_S, TINY, Program
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


def arguments(program: Program, launcher: str, name: str) -> tuple[str, ...]:
    return ("--launcher", launcher, "--data", str(program.data), "--run-name", name, *LONG)


def run_named(program: Program, name: str) -> Run:
    (run,) = (run for run in program.runs() if run.info.run_name == name)
    return run


def wait_for_step(program: Program, name: str, step: int, process: subprocess.Popen[str]) -> None:
    def reached() -> bool:
        assert process.poll() is None, process.communicate()[0]
        runs = [run for run in program.runs() if run.info.run_name == name]
        return bool(runs) and len(program.curve(runs[0].info.run_id, "epoch")) >= step

    until(reached, f"step {step} of the run {name}", DEADLINE_S)


def workers(process: subprocess.Popen[str], word: str) -> list[psutil.Process]:
    found = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if any(word in part for part in child.cmdline())
    ]
    assert len(found) >= 2, found
    return sorted(found, key=lambda child: child.pid)


def expect_success(process: subprocess.Popen[str]) -> None:
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, output


def assert_same_run(program: Program, name: str, undisturbed: Run) -> None:
    run = run_named(program, name)
    assert run.info.status == "FINISHED"
    for metric in SAME_CURVES:
        expected = program.curve(undisturbed.info.run_id, metric)
        assert program.curve(run.info.run_id, metric) == expected, metric
    steps = [step for step, _ in program.curve(run.info.run_id, "train/loss")]
    assert steps == list(range(1, NUM_STEPS + 1))
