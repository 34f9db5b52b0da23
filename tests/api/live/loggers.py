"""Clients of three kinds, none of which knows Fovea, log the same points to an MLflow server."""

import http.client
import json
import time
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from mlflow import MlflowClient
from mlflow.entities import Metric

Point = tuple[str, float, int]
Logger = Callable[[Sequence[str], str, Iterable[Sequence[Point]]], None]


def log_with_mlflow(urls: Sequence[str], run_id: str, batches: Iterable[Sequence[Point]]) -> None:
    """MLflow's own client: log_metric for one point, log_batch for several; uses the servers in turn."""
    clients = [MlflowClient(url) for url in urls]
    for index, batch in enumerate(batches):
        client = clients[index % len(clients)]
        if len(batch) == 1:
            name, value, step = batch[0]
            client.log_metric(run_id, name, value, step=step)
        else:
            now_ms = int(time.time() * 1000)
            client.log_batch(
                run_id, [Metric(name, value, now_ms, step) for name, value, step in batch]
            )


def log_with_http(urls: Sequence[str], run_id: str, batches: Iterable[Sequence[Point]]) -> None:
    """Plain HTTP, as from another language: large numbers are strings, as in protobuf's JSON."""
    connections = [http.client.HTTPConnection(urlsplit(url).netloc, timeout=20) for url in urls]
    for index, batch in enumerate(batches):
        metrics = [
            {
                "key": name,
                "value": value,
                "timestamp": str(int(time.time() * 1000)),
                "step": str(step),
            }
            for name, value, step in batch
        ]
        connection = connections[index % len(connections)]
        body = json.dumps({"run_id": run_id, "metrics": metrics})
        connection.request(
            "POST",
            "/ajax-api/2.0/mlflow/runs/log-batch",
            body,
            {"Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
    for connection in connections:
        connection.close()
