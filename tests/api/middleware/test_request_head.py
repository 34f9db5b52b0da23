"""The head of a request is bounded before anything parses it."""

import time

import pytest
from starlette.types import Receive, Scope, Send

from api.errors import HeadersTooLargeError, UriTooLongError
from api.middleware.admission import load_admission
from api.middleware.dispatcher import PathDispatcher
from api.middleware.request_head import (
    MAX_HEADERS,
    MAX_HEADERS_BYTES,
    MAX_PATH_BYTES,
    MAX_QUERY_BYTES,
    MAX_SEGMENTS,
    refuse_head,
)


def scope_of(
    path: str = "/api/x", query: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None
) -> Scope:
    return {
        "type": "http",
        "scheme": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(b"host", b"localhost")] if headers is None else headers,
    }


def test_the_longest_path_of_a_file_system_is_admitted_percent_encoded() -> None:
    scope = {**scope_of("/" + "ü" * 2048), "raw_path": b"/" + b"%C3%BC" * 2048}

    assert refuse_head(scope) is None


@pytest.mark.parametrize(
    ("scope", "error"),
    [
        (scope_of("/" + "a" * MAX_PATH_BYTES), UriTooLongError),
        (scope_of("/" * (MAX_SEGMENTS + 1)), UriTooLongError),
        (scope_of(query=b"a" * (MAX_QUERY_BYTES + 1)), UriTooLongError),
        (scope_of(headers=[(b"a", b"")] * (MAX_HEADERS + 1)), HeadersTooLargeError),
        (scope_of(headers=[(b"a", b"b" * MAX_HEADERS_BYTES)]), HeadersTooLargeError),
    ],
)
def test_a_longer_head_is_refused(scope: Scope, error: type[Exception]) -> None:
    assert isinstance(refuse_head(scope), error)


HOSTILE_PATHS = [
    "/ajax-api/2.0/mlflow-artifacts/mpu/complete" * 200
    + ("/" + "a" * 32 + "/artifacts") * 200
    + "/"
    + "a" * 10_000
    + "\nb",
    "/" * 10**6,
    "/api/2.0/mlflow-artifacts/artifacts" * 20_000,
    ("/" + "a" * 32 + "/artifacts") * 20_000,
    "/api/" + "1" * 10**6,
    "/api/" + "1." * 10**6,
]


@pytest.mark.anyio
@pytest.mark.parametrize("path", HOSTILE_PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
async def test_a_hostile_path_is_refused_before_any_work(path: str, method: str) -> None:
    sent = []

    async def unreachable(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("the request was passed on")

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    dispatcher = PathDispatcher(
        unreachable,
        live=unreachable,
        mlflow=unreachable,
        admission=load_admission(frozenset()),
        max_request_bytes=1000,
    )
    start_s = time.process_time()
    await dispatcher({**scope_of(path), "method": method}, None, send)  # type: ignore[arg-type]

    assert time.process_time() - start_s < 0.1
    assert sent[0]["status"] == 414
