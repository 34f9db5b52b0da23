"""Bodies for MLflow are bounded, but for files that it streams to the artifact store."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.middleware.mlflow_body_limit import (
    MAX_OTHER_BYTES,
    MAX_RUN_WRITE_BYTES,
    MlflowBodyLimitMiddleware,
    max_body_bytes,
)

PIECE = bytes(1024 * 1024)


@pytest.mark.parametrize(
    ("method", "path", "max_bytes"),
    [
        ("POST", "/api/2.0/mlflow/runs/log-batch", MAX_RUN_WRITE_BYTES),
        ("POST", "/prefix/ajax-api/2.0/mlflow/runs/set-tag", MAX_RUN_WRITE_BYTES),
        # One data set may have a profile of 16 MB.
        ("POST", "/api/2.0/mlflow/runs/log-inputs", MAX_OTHER_BYTES),
        ("POST", "/v1/traces", MAX_OTHER_BYTES),
        ("POST", "/ajax-api/2.0/mlflow/upload-artifact", MAX_OTHER_BYTES),
        ("GET", "/", MAX_OTHER_BYTES),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/run/artifacts/model.bin", None),
        ("PUT", "/ajax-api/2.0/mlflow-artifacts/artifacts/0/run/artifacts/model.bin", None),
        # MLflow reads the body of any path that it does not know into memory.
        ("PUT", "/elsewhere/api/2.0/mlflow-artifacts/artifacts/model.bin", MAX_OTHER_BYTES),
        ("PUT", "/api/9.9/mlflow-artifacts/artifacts/model.bin", MAX_OTHER_BYTES),
        ("POST", "/api/2.0/mlflow-artifacts/artifacts/model.bin", MAX_OTHER_BYTES),
    ],
)
def test_only_the_upload_of_a_file_is_unbounded(
    method: str, path: str, max_bytes: int | None
) -> None:
    assert max_body_bytes(method, path) == max_bytes


class EndlessClient:
    """Sends pieces without a Content-Length for as long as they are read."""

    def __init__(self) -> None:
        self.num_pieces = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        self.num_pieces += 1
        return {"type": "http.request", "body": PIECE, "more_body": self.num_pieces < 400}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def scope_of(method: str, path: str) -> Scope:
    state = {"fovea_request_id": "1"}
    return {"type": "http", "method": method, "path": path, "headers": [], "state": state}


@pytest.mark.anyio
async def test_a_chunked_batch_of_400_mb_is_refused_once_too_much_has_arrived() -> None:
    client = EndlessClient()
    scope = scope_of("POST", "/api/2.0/mlflow/runs/log-batch")

    await MlflowBodyLimitMiddleware(read_all)(scope, client.receive, client.send)

    assert client.sent[0]["status"] == 413
    assert client.num_pieces == MAX_RUN_WRITE_BYTES // len(PIECE) + 1
    assert b"send it as an artifact" in client.sent[1]["body"]


async def read_in_a_group(scope: Scope, receive: Receive, send: Send) -> None:
    """As middleware does that reads in tasks of its own."""
    try:
        await read_all(scope, receive, send)
    except Exception as error:
        raise ExceptionGroup("while reading", [error]) from error


@pytest.mark.anyio
async def test_an_application_that_raises_something_else_instead_is_refused_as_well() -> None:
    client = EndlessClient()
    scope = scope_of("POST", "/api/2.0/mlflow/runs/log-batch")

    await MlflowBodyLimitMiddleware(read_in_a_group)(scope, client.receive, client.send)

    assert client.sent[0]["status"] == 413


@pytest.mark.anyio
async def test_a_file_of_400_mb_is_streamed() -> None:
    client = EndlessClient()
    scope = scope_of("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/model.bin")

    await MlflowBodyLimitMiddleware(read_all)(scope, client.receive, client.send)

    assert (client.sent[0]["status"], client.num_pieces) == (200, 400)
