"""Larger bodies than the limit are refused."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooLargeError, install_error_handlers
from api.middleware.body_limit import BodyLimitMiddleware
from api.request_id import RequestIdMiddleware

MAX_BYTES = 1000


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)

    @app.post("/parsed")
    async def count_items(items: list[int]) -> int:
        return len(items)

    @app.post("/streamed")
    async def count_bytes(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    @app.post("/failed")
    async def fail() -> None:
        raise TooLargeError("This image is too large")

    return app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(limited(app), raise_server_exceptions=False)


def limited(app: ASGIApp) -> ASGIApp:
    return RequestIdMiddleware(BodyLimitMiddleware(app, MAX_BYTES))


def in_pieces(num_bytes: int) -> Iterator[bytes]:
    """A body without a Content-Length."""
    for _ in range(num_bytes // 100):
        yield b"1" * 100
    yield b"1" * (num_bytes % 100)


def test_a_body_as_large_as_the_limit_is_accepted(client: TestClient) -> None:
    assert client.post("/streamed", content=b"1" * MAX_BYTES).json() == MAX_BYTES
    assert client.post("/streamed", content=in_pieces(MAX_BYTES)).json() == MAX_BYTES
    assert client.post("/parsed", json=[1, 2, 3]).json() == 3


@pytest.mark.parametrize("path", ["/parsed", "/streamed", "/failed", "/nothing"])
def test_a_larger_body_with_a_content_length_is_refused(client: TestClient, path: str) -> None:
    response = client.post(path, content=b"1" * (MAX_BYTES + 1))

    assert response.status_code == 413
    assert response.json()["error_code"] == "TOO_LARGE"
    assert "at most 1000 bytes" in response.json()["error"]
    assert response.json()["details"] == f"POST {path}"
    assert response.json()["request_id"] == response.headers["X-Request-ID"]
    assert response.headers["Connection"] == "close"


@pytest.mark.parametrize("path", ["/parsed", "/streamed"])
def test_a_larger_body_without_a_content_length_is_refused(client: TestClient, path: str) -> None:
    response = client.post(path, content=in_pieces(MAX_BYTES + 1))

    assert response.status_code == 413
    assert response.json()["error_code"] == "TOO_LARGE"
    assert "at most 1000 bytes" in response.json()["error"]


def test_an_error_response_of_a_route_is_unchanged(client: TestClient) -> None:
    response = client.post("/failed", content=b"1")

    assert response.status_code == 413
    assert response.json()["error"] == "This image is too large"


def test_a_response_that_has_begun_is_aborted() -> None:
    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (message := await receive())["more_body"]:
            await send({"type": "http.response.body", **message})

    with pytest.raises(TooLargeError):
        TestClient(limited(echo)).post("/", content=in_pieces(MAX_BYTES + 1))


@pytest.mark.parametrize("declared", [None, b"10", b"-5", b"many", "²".encode("latin-1")])
def test_a_wrong_content_length_is_not_trusted(app: FastAPI, declared: bytes | None) -> None:
    headers = [] if declared is None else [(b"content-length", declared)]

    sent, num_read = asyncio.run(exchange(limited(app), headers))

    assert sent[0]["status"] == 413
    # The eleventh chunk of 100 bytes exceeds the limit.
    assert num_read == 11


async def exchange(
    app: ASGIApp, headers: list[tuple[bytes, bytes]]
) -> tuple[list[dict[str, Any]], int]:
    """The response to a request that never ends, and how many of its chunks were read."""
    sent: list[dict[str, Any]] = []
    num_read = 0

    async def receive() -> Message:
        nonlocal num_read
        num_read += 1
        return {"type": "http.request", "body": b"1" * 100, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/streamed",
        "query_string": b"",
        "headers": headers,
    }
    await app(scope, receive, send)
    return sent, num_read
