"""Measures the delay from an epoch's log call in a real training to the alert at a socket.

    .venv/bin/python -m benchmarks.alert_latency

A retinal training runs with two ranks on Ray, and in each of NUM_EPOCHS epochs another rule fires. The
start is the time stamp of the epoch's metric. All processes share one machine, and so one clock.
"""

import json
import time
from contextlib import closing
from typing import Any

from mlflow import MlflowClient
from websockets.sync.client import connect

from benchmarks.harness.results import ms, percentile, print_table
from benchmarks.harness.temporary_folder import temporary_folder
from tests.api.jobs.trainings import DEADLINE_S, trainings
from tests.training.data.images import make_folder
from tracking_plugin.names import Metric
from tracking_plugin.ray_head import LocalHead

NUM_EPOCHS = 12
IMAGES_PER_CLASS = 150
TARGET_S = 1.0


def main() -> None:
    with temporary_folder() as folder, closing(LocalHead()) as head:
        rules = folder / "rules.yaml"
        rules.write_text(rules_text())
        with trainings(folder, head, FOVEA_ALERT_RULES=str(rules)) as training:
            with connect(f"{training.server.url.replace('http', 'ws', 1)}/ws") as socket:
                # Epochs last seconds: shorter ones would wait for their images to be stored.
                make_folder(folder / "many", {"train": IMAGES_PER_CLASS, "val": 4, "test": 4})
                run_id = training.start_on(str(folder / "many"), epochs=NUM_EPOCHS)
                arrived_s: dict[int, float] = {}
                while len(arrived_s) < NUM_EPOCHS:
                    message = json.loads(socket.recv(DEADLINE_S))
                    if message["type"] == "critical_alert" and is_of_our_rules(
                        message["alert"], run_id
                    ):
                        arrived_s[message["alert"]["step"]] = time.time()
            training.wait(run_id, "completed")
            delays_s = delays(training.server.url, run_id, arrived_s)
    rows = [[name, ms(percentile(delays_s, p))] for name, p in (("p50", 50), ("p90", 90))]
    rows.append(["longest", ms(max(delays_s))])
    print_table((f"from the log call to the socket, {NUM_EPOCHS} epochs", ""), rows)
    print(f"target: below {TARGET_S:.0f} s")


def is_of_our_rules(alert: dict[str, Any], run_id: str) -> bool:
    """Whether the alert is of one of our rules, not of a built-in one."""
    return bool(
        alert["run_id"] == run_id
        and alert["metric"] == Metric.VAL_LOSS
        and alert["threshold"] == -1
    )


def rules_text() -> str:
    """One rule per epoch; rule n fires at the n-th evaluation."""
    return "rules:\n" + "".join(
        f"  - name: epoch{number}\n    metric: {Metric.VAL_LOSS}\n    above: -1\n    for: {number}\n"
        for number in range(1, NUM_EPOCHS + 1)
    )


def delays(url: str, run_id: str, arrived_s: dict[int, float]) -> list[float]:
    history = MlflowClient(url).get_metric_history(run_id, Metric.VAL_LOSS)
    logged_s = {point.step: point.timestamp / 1000 for point in history}
    return [arrived_s[step] - logged_s[step] for step in arrived_s]


if __name__ == "__main__":
    main()
