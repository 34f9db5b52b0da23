"""MLflow's own routes on a real server are behind Fovea's checks."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from mlflow import MlflowClient

from api.middleware.mlflow_body_limit import MAX_RUN_WRITE_BYTES
from tests.servers import Server

DEADLINE_S = 30.0
NUM_READERS = 45
"""More than the threads in which MLflow's routes and Fovea's run."""
PIECE = bytes(1024 * 1024)


@pytest.mark.parametrize("host", ["10.evil.example", "192.168.evil.example:5000"])
def test_a_page_whose_name_was_rebound_reads_nothing(server: Server, host: str) -> None:
    answer = httpx.get(
        f"{server.url}/api/2.0/mlflow/experiments/get?experiment_id=0", headers={"Host": host}
    )

    assert answer.status_code == 403
    assert "Default" not in answer.text


def test_a_fifo_among_the_artifacts_occupies_no_reader(server: Server) -> None:
    client = MlflowClient(server.url)
    run_id = client.create_run("0").info.run_id
    client.log_text(run_id, "content", "epochs/0001/other.json")
    folder = server.data_dir / "artifacts" / "0" / run_id / "artifacts" / "epochs" / "0001"
    os.mkfifo(folder / "evaluation.json")
    path = "epochs/0001/evaluation.json"
    addresses = (
        f"{server.url}/get-artifact?run_id={run_id}&path={path}",
        f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/{path}",
    )

    def read(number: int) -> int:
        return httpx.get(addresses[number % 2], timeout=DEADLINE_S).status_code

    with ThreadPoolExecutor(NUM_READERS) as readers:
        assert set(readers.map(read, range(NUM_READERS))) == {404}
    assert httpx.get(f"{server.url}/api/runs", timeout=DEADLINE_S).is_success


def test_a_chunked_batch_without_end_is_refused(server: Server) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(2 * MAX_RUN_WRITE_BYTES // len(PIECE)):
            yield PIECE

    answer = httpx.post(
        f"{server.url}/api/2.0/mlflow/runs/log-batch", content=pieces(), timeout=DEADLINE_S
    )

    assert answer.status_code == 413


def test_a_file_larger_than_any_other_body_is_stored(server: Server) -> None:
    run_id = MlflowClient(server.url).create_run("0").info.run_id
    path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/model.bin"

    def pieces() -> Iterator[bytes]:
        for _ in range(80):
            yield PIECE

    answer = httpx.put(f"{server.url}{path}", content=pieces(), timeout=DEADLINE_S)

    assert answer.status_code == 200
    stored = server.data_dir / "artifacts" / "0" / run_id / "artifacts" / "model.bin"
    assert stored.stat().st_size == 80 * len(PIECE)
    stored.unlink()
