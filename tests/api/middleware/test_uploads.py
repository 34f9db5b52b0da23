"""Uploads of images have a limit of their own, and only so many are received at one time."""

import asyncio
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from api.middleware.uploads import UploadMiddleware
from api.request_id import RequestIdMiddleware

UPLOAD = "/api/v1/dicom/diagnose"
MAX_BYTES = 1000


async def count(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


async def other(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("other")(scope, receive, send)


def limited(app: Any = count, max_active: int = 64) -> RequestIdMiddleware:
    return RequestIdMiddleware(UploadMiddleware(app, other, MAX_BYTES, max_active))


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/dicom/upload", UPLOAD, "/api/v1/dicom/batch"),
        *("/api/v1/ai-grpc/diagnose", "/api/v1/ai-grpc/diagnose-batch"),
    ],
)
def test_uploads_may_be_as_large_as_their_own_limit(path: str) -> None:
    client = TestClient(limited())
    assert client.post(path, content=b"1" * MAX_BYTES).text == str(MAX_BYTES)
    refused = client.post(path, content=b"1" * (MAX_BYTES + 1))
    assert refused.status_code == 413
    assert "FOVEA_MAX_UPLOAD_BYTES" in refused.json()["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/dicom/feedback/diagnose"),
        ("POST", "/api/v1/dicom/diagnose/more"),
        ("POST", "/api/runs"),
        ("GET", UPLOAD),
    ],
)
def test_all_other_requests_pass_on(method: str, path: str) -> None:
    assert TestClient(limited()).request(method, path).text == "other"


def test_uploads_behind_a_prefix_are_uploads() -> None:
    client = TestClient(limited(), root_path="/ml")
    assert client.post(f"/ml{UPLOAD}", content=b"1").text == "1"


def test_more_uploads_than_allowed_are_told_to_come_back() -> None:
    asyncio.run(_one_too_many())


async def _one_too_many() -> None:
    is_released = asyncio.Event()

    async def hold(scope: Scope, receive: Receive, send: Send) -> None:
        await is_released.wait()
        await count(scope, receive, send)

    app = limited(hold, max_active=2)
    first, second = (asyncio.create_task(status_and_headers(app)) for _ in range(2))
    await asyncio.sleep(0)

    status, headers = await status_and_headers(app)

    assert status == 503
    assert headers[b"retry-after"] == b"2"
    is_released.set()
    assert [(await task)[0] for task in (first, second)] == [200, 200]
    assert (await status_and_headers(app))[0] == 200


def test_an_upload_that_stands_still_ends() -> None:
    async def send_a_part_and_stand_still() -> None:
        parts: list[Message] = [{"type": "http.request", "body": b"1", "more_body": True}]

        async def receive() -> Message:
            if parts:
                return parts.pop()
            await asyncio.Event().wait()
            raise AssertionError

        async def send(_: Message) -> None:
            pass

        app = UploadMiddleware(count, other, MAX_BYTES, idle_s=0.05)
        scope = {"type": "http", "method": "POST", "path": UPLOAD, "headers": [], "state": {}}
        with pytest.raises(ClientDisconnect):
            async with asyncio.timeout(30):
                await app(scope, receive, send)

    asyncio.run(send_a_part_and_stand_still())


async def status_and_headers(app: RequestIdMiddleware) -> tuple[int, dict[bytes, bytes]]:
    answered: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"1", "more_body": False}

    async def send(message: Message) -> None:
        answered.append(message)

    scope = {"type": "http", "method": "POST", "path": UPLOAD, "headers": [], "query_string": b""}
    await app(scope, receive, send)
    return answered[0]["status"], dict(answered[0]["headers"])
