"""Compares MLflow's API with the read API at reading 100,000 points of one metric.

    .venv/bin/python -m benchmarks.metric_history

One `fovea serve` answers all requests from the same SQLite database, over loopback. The run has six
metrics at each step, as a training logs them.
"""

import statistics
import tempfile
import time
from pathlib import Path

import httpx
from mlflow import MlflowClient
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from tests.api.logged_runs import bulk_log
from tests.servers import fovea_server

NUM_STEPS = 100_000
NUM_ROUNDS = 5
METRICS = ("train/loss", *(f"train/metric_{number}" for number in range(5)))
MLFLOW = "/ajax-api/2.0/mlflow/metrics"


def main() -> None:
    """Print the duration and the response size of each request."""
    with tempfile.TemporaryDirectory(prefix="fovea-bench-") as folder:
        data_dir = Path(folder) / "data"
        with (
            fovea_server(data_dir) as server,
            httpx.Client(base_url=server.url, timeout=120) as client,
        ):
            run_id = str(MlflowClient(server.url).create_run("0").info.run_id)
            fill(data_dir, run_id)
            print("| read | median | fastest | slowest | points | response |")
            print("|---|---|---|---|---|---|")
            for name, address, points_field in requests(run_id):
                print(f"| {name} | {row(client, address, points_field)} |")


def requests(run_id: str) -> list[tuple[str, str, str]]:
    """The name, the path and the field with the points (or "") of each request."""
    of_run = f"run_id={run_id}&metric_key=train/loss"
    sampled = f"run_ids={run_id}&metric_key=train/loss&max_results=1000"
    return [
        ("MLflow, whole metric", f"{MLFLOW}/get-history?{of_run}", "metrics"),
        ("MLflow, sampled for its UI", f"{MLFLOW}/get-history-bulk-interval?{sampled}", "metrics"),
        (
            "metric with its extremes",
            f"/api/metrics/performance/train/loss?run_id={run_id}&limit=1000",
            "",
        ),
        ("newest 100 steps, all metrics", f"/api/metrics/history?run_id={run_id}", ""),
    ]


def fill(data_dir: Path, run_id: str) -> None:
    """Write the metrics to MLflow's tables directly; logging them would take minutes."""
    store = SqlAlchemyStore(f"sqlite:///{data_dir / 'mlflow.db'}", str(data_dir))
    for number, metric in enumerate(METRICS, start=1):
        bulk_log(store, run_id, metric, (1 / (step + number) for step in range(NUM_STEPS)))
    store.engine.dispose()


def row(client: httpx.Client, address: str, field: str) -> str:
    """Median, fastest and slowest time, the number of points and the size of the response."""
    seconds = []
    for _ in range(NUM_ROUNDS):
        began = time.perf_counter()
        response = client.get(address).raise_for_status()
        seconds.append(time.perf_counter() - began)
    body = response.json()
    points = body[field] if field else body
    times = (statistics.median(seconds), min(seconds), max(seconds))
    size_kb = len(response.content) / 1000
    return " | ".join(
        [*(f"{s * 1000:,.0f} ms" for s in times), f"{len(points):,}", f"{size_kb:,.0f} kB"]
    )


if __name__ == "__main__":
    main()
