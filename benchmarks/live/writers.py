"""Clients that log to MLflow over plain HTTP, each on one kept-alive connection."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

NUM_METRICS = 10
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Written:
    """The result of one block of writes; `latencies_s` are from request to response."""

    latencies_s: list[float]
    writes_per_s: float


class Writer:
    """Logs batches of NUM_METRICS to a run of its own."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        created = self._post("runs/create", {"experiment_id": "0", "start_time": _now_ms()})
        self.run_id: str = created["run"]["info"]["run_id"]
        self._num_written = 0

    def write(self) -> float:
        """Write one batch, and return the seconds until MLflow's response."""
        self._num_written += 1
        body = log_batch_body(self.run_id, self._num_written)
        began = time.perf_counter()
        self._post("runs/log-batch", body)
        return time.perf_counter() - began

    def reconnect(self) -> None:
        """Reopen the connection, which uvicorn closes after five idle seconds."""
        self._connection.close()
        self._connection.connect()

    def _post(self, path: str, body: object) -> Any:
        self._connection.request("POST", f"/api/2.0/mlflow/{path}", json.dumps(body), _JSON)
        response = self._connection.getresponse()
        text = response.read()
        assert response.status == 200, text
        return json.loads(text)


def log_batch_body(run_id: str, step: int) -> dict[str, object]:
    metrics = [
        {"key": f"train/metric_{n}", "value": step / (n + 1), "timestamp": _now_ms(), "step": step}
        for n in range(NUM_METRICS)
    ]
    return {"run_id": run_id, "metrics": metrics}


def write_back_to_back(writers: Sequence[Writer], duration_s: float) -> Written:
    """Each writer writes again as soon as it has its response."""

    def write(writer: Writer) -> Written:
        latencies, began = [], time.perf_counter()
        while time.perf_counter() - began < duration_s:
            latencies.append(writer.write())
        rate = len(latencies) / (time.perf_counter() - began)
        return Written(latencies_s=latencies, writes_per_s=rate)

    return _run_all(writers, write)


def write_at_rate(writers: Sequence[Writer], writes_per_s: float, duration_s: float) -> Written:
    """All writers together write at this rate, or as fast as the server allows if that is slower."""
    interval_s = len(writers) / writes_per_s

    def write(writer: Writer) -> Written:
        latencies: list[float] = []
        began = time.perf_counter()
        due = began + interval_s * writers.index(writer) / len(writers)
        while due < began + duration_s:
            time.sleep(max(0.0, due - time.perf_counter()))
            latencies.append(writer.write())
            due += interval_s
        rate = len(latencies) / max(duration_s, time.perf_counter() - began)
        return Written(latencies_s=latencies, writes_per_s=rate)

    return _run_all(writers, write)


def _run_all(writers: Sequence[Writer], write: Callable[[Writer], Written]) -> Written:
    results: list[Written] = []
    for writer in writers:
        writer.reconnect()
    threads = [
        threading.Thread(target=lambda w=writer: results.append(write(w))) for writer in writers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(writers), "a writer failed"
    return Written(
        latencies_s=[latency for result in results for latency in result.latencies_s],
        writes_per_s=sum(result.writes_per_s for result in results),
    )


def _now_ms() -> int:
    return int(time.time() * 1000)
