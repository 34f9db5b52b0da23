"""Compares the throughput of the same training under Ray Train and under torchrun, without their start.

    .venv/bin/python -m benchmarks.launchers

Two ranks of one thread each train the same model on the same images, under each launcher in alternation.
The figure is the median over all steps after the first epoch.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

from mlflow import MlflowClient

from benchmarks.harness.results import interleaved, print_table
from benchmarks.harness.temporary_folder import temporary_folder
from tests.training.data.images import make_folder

NUM_ROUNDS = 2
NUM_EPOCHS = 4
DEADLINE_S = 300
TARGET = 0.98
METRIC = "train/images_per_second"
TORCHRUN = (*("-m", "torch.distributed.run", "--standalone"), *("--nproc-per-node", "2"))
LAUNCHERS = {
    "torchrun": (*TORCHRUN, "-m", "training", "fit", "--launcher", "torchrun"),
    "ray": ("-m", "training", "fit", "--launcher", "ray", "--workers", "2"),
}
RECIPE = (
    *("--preset", "small", "--image-size", "64", "--batch-size", "16", "--no-gpus"),
    *("--epochs", str(NUM_EPOCHS), "--deterministic"),
)


def main() -> None:
    rates: dict[str, list[float]] = {name: [] for name in LAUNCHERS}
    with temporary_folder() as folder:
        data = make_folder(folder / "data", {"train": 200, "val": 8, "test": 8})
        for name in interleaved(list(LAUNCHERS), NUM_ROUNDS):
            rates[name].append(images_per_s(name, folder, data))
    rows = [[name, *(f"{rate:.1f}" for rate in measured)] for name, measured in rates.items()]
    print_table(("images/s", *(f"round {n + 1}" for n in range(NUM_ROUNDS))), rows)
    ratio = statistics.mean(rates["ray"]) / statistics.mean(rates["torchrun"])
    print(f"ray / torchrun: {ratio:.3f}\ntarget: {TARGET:.2f}")


def images_per_s(launcher: str, folder: Path, data: Path) -> float:
    """The median over the steps after the first epoch."""
    tracking_uri = f"sqlite:///{folder}/{launcher}.db"
    command = [sys.executable, *LAUNCHERS[launcher], *RECIPE, "--data", str(data)]
    subprocess.run(
        command,
        check=True,
        cwd=folder,
        timeout=DEADLINE_S,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**_environment(folder), "MLFLOW_TRACKING_URI": tracking_uri},
    )
    client = MlflowClient(tracking_uri)
    experiment = client.get_experiment_by_name("retinal")
    assert experiment is not None, "the training has created no experiment"
    newest = client.search_runs([experiment.experiment_id], max_results=1)[0]
    history = client.get_metric_history(newest.info.run_id, METRIC)
    num_steps = max(point.step for point in history)
    return statistics.median(
        point.value for point in history if point.step > num_steps // NUM_EPOCHS
    )


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "FOVEA_DATA_DIR": str(folder / "fovea"), "OMP_NUM_THREADS": "1"}


if __name__ == "__main__":
    main()
