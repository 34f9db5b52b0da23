"""What recording every step costs a training: the same steps with and without a tracker, in turn.

    .venv/bin/python -m benchmarks.logging_cost

The tracker logs six metrics a step to a real `mlflow server` on loopback, which takes its share of
the processor too, as it would beside a training on the same machine.
"""

import statistics
import tempfile
import time
from pathlib import Path

import torch

from tests.training.tracking_server import TrackingServer
from training.tracking.tracker import MlflowTracker

NUM_ROUNDS = 7
STEPS_A_ROUND = 20
STEP_S = 0.1


def main() -> None:
    """Print the time of a bare step, of a logged one, and their ratio."""
    torch.set_num_threads(1)
    matrix = torch.randn(256, 256)
    products = calibrate(matrix)
    with tempfile.TemporaryDirectory(prefix="fovea-bench-") as folder:
        server = TrackingServer(Path(folder) / "server").start()
        try:
            tracker = MlflowTracker(
                run_id=server.new_run(), tracking_uri=server.uri, spool_dir=Path(folder) / "spool"
            )
            bare, logged = measure(matrix, products, tracker)
            tracker.close(timeout_s=60)
        finally:
            server.stop()
    ratios = [with_log / without for without, with_log in zip(bare, logged, strict=True)]
    print("| step | median | fastest | slowest |")
    print("|---|---|---|---|")
    print(f"| bare | {row(bare)} |")
    print(f"| logged | {row(logged)} |")
    print(f"\nlogged / bare, round by round: median {statistics.median(ratios):.3f}")


def measure(
    matrix: torch.Tensor, products: int, tracker: MlflowTracker
) -> tuple[list[float], list[float]]:
    """Seconds a step of each round, bare and logged, in turn."""
    bare, logged, step = [], [], 0
    for _ in range(NUM_ROUNDS):
        began = time.perf_counter()
        for _ in range(STEPS_A_ROUND):
            work(matrix, products)
        bare.append((time.perf_counter() - began) / STEPS_A_ROUND)
        began = time.perf_counter()
        for _ in range(STEPS_A_ROUND):
            work(matrix, products)
            step += 1
            tracker.log_metrics({f"train/metric_{n}": step / (n + 1) for n in range(6)}, step)
        logged.append((time.perf_counter() - began) / STEPS_A_ROUND)
    return bare, logged


def calibrate(matrix: torch.Tensor) -> int:
    """How many products make a step of about STEP_S."""
    work(matrix, 50)
    began = time.perf_counter()
    work(matrix, 200)
    return max(1, round(200 * STEP_S / (time.perf_counter() - began)))


def work(matrix: torch.Tensor, products: int) -> None:
    """A step's computation."""
    for _ in range(products):
        torch.mm(matrix, matrix)


def row(seconds: list[float]) -> str:
    """Median, fastest and slowest in milliseconds."""
    values = (statistics.median(seconds), min(seconds), max(seconds))
    return " | ".join(f"{value * 1000:.2f} ms" for value in values)


if __name__ == "__main__":
    main()
