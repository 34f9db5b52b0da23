"""The wiretap in front of scripted applications: it reads accepted writes and changes no message."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_plugin import wiretap as wiretap_module
from tracking_plugin.events import RunCreated, RunEvent, TagsChanged
from tracking_plugin.wiretap import Message, Receive, Scope, Send, Wiretap

pytestmark = pytest.mark.anyio

SET_TAG = "/api/2.0/mlflow/runs/set-tag"
SEARCH = "/api/2.0/mlflow/runs/search"
CREATE = "/api/2.0/mlflow/runs/create"
ARTIFACT = f"/api/2.0/mlflow-artifacts/artifacts/1/{'a' * 32}/artifacts/weights.pt"
RESPONSE = b'{"run": {"info": {"run_id": "a", "experiment_id": "1"}}}'


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def tag_body(key: str = "k") -> bytes:
    return json.dumps({"run_id": "a", "key": key, "value": "v"}).encode()


def http_scope(path: str = SET_TAG, method: str = "POST", **more: Any) -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [],
        **more,
    }


def request_messages(*chunks: bytes) -> list[Message]:
    last = len(chunks) - 1
    return [
        {"type": "http.request", "body": chunk, "more_body": index < last}
        for index, chunk in enumerate(chunks)
    ]


def response_messages(
    *chunks: bytes, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = ()
) -> list[Message]:
    last = len(chunks) - 1
    start: Message = {"type": "http.response.start", "status": status, "headers": list(headers)}
    return [
        start,
        *(
            {"type": "http.response.body", "body": chunk, "more_body": index < last}
            for index, chunk in enumerate(chunks)
        ),
    ]


@dataclass
class Script:
    """An application that reads its request and sends a scripted response, and its server."""

    incoming: list[Message] = field(default_factory=lambda: request_messages(tag_body()))
    outgoing: list[Message] = field(default_factory=lambda: response_messages(b"{}"))
    ends_with: Exception | None = None
    received: list[Message] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    events: list[RunEvent] = field(default_factory=list)
    num_sends_before_closed: int = 1000

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            self.received.append(await receive())
            if not self.received[-1].get("more_body"):
                break
        for message in self.outgoing:
            await send(message)
        if self.ends_with is not None:
            raise self.ends_with

    async def receive(self) -> Message:
        return self.incoming.pop(0)

    async def send(self, message: Message) -> None:
        if len(self.sent) >= self.num_sends_before_closed:
            raise OSError("the client has disconnected")
        self.sent.append(message)
        self.log.append(message["type"])

    async def run(
        self, scope: Scope | None = None, sink: Callable[[RunEvent], None] | None = None
    ) -> Wiretap:
        wiretap = Wiretap(self.app, self.on_event if sink is None else sink)
        await wiretap(http_scope() if scope is None else scope, self.receive, self.send)
        return wiretap

    def on_event(self, event: RunEvent) -> None:
        self.events.append(event)
        self.log.append("event")


def tags_of(script: Script) -> list[str]:
    return [key for event in script.events if isinstance(event, TagsChanged) for key in event.tags]


async def test_an_event_is_published_before_the_response_is_complete() -> None:
    script = Script()
    await script.run()
    assert script.log == ["http.response.start", "event", "http.response.body"]
    assert tags_of(script) == ["k"]


@pytest.mark.parametrize("status", [201, 204, 302, 400, 403, 404, 429, 500, 503])
async def test_a_refused_write_becomes_no_event(status: int) -> None:
    script = Script(outgoing=response_messages(b"{}", status=status))
    wiretap = await script.run()
    assert script.events == []
    assert wiretap.num_unread == 0


async def test_a_write_without_a_complete_response_becomes_no_event() -> None:
    script = Script(outgoing=response_messages(b"{", b"}")[:2], ends_with=RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        await script.run()
    assert script.events == []


async def test_with_a_content_length_the_response_ends_with_its_last_byte() -> None:
    length = [(b"Content-Length", b"4")]
    script = Script(outgoing=response_messages(b"{ ", b" }", b"", headers=length))
    await script.run()
    assert script.log == [
        "http.response.start",
        "http.response.body",
        "event",
        "http.response.body",
        "http.response.body",
    ]


async def test_without_a_content_length_the_response_ends_with_its_last_chunk() -> None:
    script = Script(outgoing=response_messages(b"{", b"}", b""))
    await script.run()
    assert script.log.index("event") == 3


async def test_an_empty_response_gives_one_event() -> None:
    script = Script(outgoing=response_messages(b"", b"", headers=[(b"content-length", b"0")]))
    await script.run()
    assert len(script.events) == 1


async def test_a_write_whose_client_has_disconnected_still_becomes_an_event() -> None:
    script = Script(num_sends_before_closed=1)
    with pytest.raises(OSError, match="has disconnected"):
        await script.run()
    assert tags_of(script) == ["k"]


async def test_an_incomplete_request_is_passed_on() -> None:
    script = Script(
        incoming=[*request_messages(b"{", b"")[:1], {"type": "http.disconnect"}],
        outgoing=response_messages(b"{}", status=400),
    )
    await script.run()
    assert script.received[-1] == {"type": "http.disconnect"}
    assert script.events == []


async def test_a_failing_sink_does_not_fail_the_request(caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: RunEvent) -> None:
        raise ValueError("patient 0815")

    script = Script()
    wiretap = await script.run(sink=fail)
    assert [message["type"] for message in script.sent] == [
        "http.response.start",
        "http.response.body",
    ]
    assert wiretap.num_unread == 1
    assert "ValueError" in caplog.text
    assert "0815" not in caplog.text


async def test_an_unreadable_body_is_counted_and_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    script = Script(incoming=request_messages(b"patient 0815"))
    wiretap = await script.run()
    assert wiretap.num_unread == 1
    assert script.events == []
    assert "0815" not in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_a_body_that_is_too_large_is_passed_on_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wiretap_module, "MAX_BODY_BYTES", 100)
    chunks = [tag_body(), b" " * 60, b" " * 60, b" "]
    script = Script(incoming=request_messages(*chunks))
    wiretap = await script.run()
    assert [message["body"] for message in script.received] == chunks
    assert len(script.sent) == 2
    assert script.events == []
    assert wiretap.num_unread == 1


async def test_a_body_of_the_maximum_size_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    body = tag_body()
    monkeypatch.setattr(wiretap_module, "MAX_BODY_BYTES", len(body))
    script = Script(incoming=request_messages(body[:5], body[5:]))
    wiretap = await script.run()
    assert tags_of(script) == ["k"]
    assert wiretap.num_unread == 0


async def test_an_artifact_of_any_size_becomes_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiretap_module, "MAX_BODY_BYTES", 10)
    script = Script(incoming=request_messages(b"x" * 1000))
    wiretap = await script.run(http_scope(ARTIFACT, "PUT"))
    assert len(script.events) == 1
    assert wiretap.num_unread == 0


async def test_a_created_run_is_read_from_the_response() -> None:
    script = Script(outgoing=response_messages(RESPONSE[:9], RESPONSE[9:]))
    await script.run(http_scope(CREATE))
    (created,) = script.events
    assert isinstance(created, RunCreated)
    assert (created.run_id, created.experiment_id) == ("a", "1")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], None),
        ([(b"x-mlflow-workspace", b" retina ")], "retina"),
        ([(b"x-mlflow-workspace", b"")], None),
    ],
)
async def test_the_workspace_is_that_of_the_request(
    headers: list[tuple[bytes, bytes]], expected: str | None
) -> None:
    script = Script()
    await script.run(http_scope(headers=headers))
    assert [event.workspace for event in script.events] == [expected]


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_other_scopes_are_passed_through_unchanged(kind: str) -> None:
    calls: list[tuple[Any, ...]] = []

    async def app(*arguments: Any) -> None:
        calls.append(arguments)

    given_arguments = ({"type": kind}, Script().receive, Script().send)
    await Wiretap(app, lambda event: None)(*given_arguments)
    assert all(one is other for one, other in zip(calls[0], given_arguments, strict=True))


async def test_requests_that_change_no_run_are_passed_through_unchanged() -> None:
    calls: list[tuple[Any, ...]] = []

    async def app(*arguments: Any) -> None:
        calls.append(arguments)

    given_arguments = (http_scope(SEARCH), Script().receive, Script().send)
    await Wiretap(app, lambda event: None)(*given_arguments)
    assert all(one is other for one, other in zip(calls[0], given_arguments, strict=True))


TAPPED = [("POST", SET_TAG), ("POST", CREATE), ("PUT", ARTIFACT)]


def chunks_of(whole: bytes) -> st.SearchStrategy[list[bytes]]:
    """`whole` in chunks, some of which are empty."""
    places = st.lists(st.integers(0, len(whole)), max_size=5).map(sorted)
    return places.map(
        lambda at: [whole[i:j] for i, j in zip([0, *at], [*at, len(whole)], strict=True)]
    )


@given(
    body=chunks_of(tag_body()) | chunks_of(b"no JSON at all"),
    response=chunks_of(RESPONSE) | chunks_of(b""),
    status=st.sampled_from([200, 200, 400, 500]),
    target=st.sampled_from([*TAPPED, ("POST", SEARCH)]),
    has_content_length=st.booleans(),
    extra=st.dictionaries(st.text(max_size=3), st.integers()),
)
async def test_application_and_client_receive_the_same_messages_as_without_it(
    body: list[bytes],
    response: list[bytes],
    status: int,
    target: tuple[str, str],
    has_content_length: bool,
    extra: dict[str, int],
) -> None:
    size_bytes = str(sum(map(len, response))).encode()
    headers = [(b"content-length", size_bytes)] if has_content_length else []

    def script() -> Script:
        outgoing = response_messages(*response, status=status, headers=headers)
        return Script(
            incoming=[{**message, **extra} for message in request_messages(*body)],
            outgoing=[{**message, **extra} for message in outgoing],
        )

    without, tapped = script(), script()
    method, path = target
    await without.app(http_scope(path, method), without.receive, without.send)
    wiretap = await tapped.run(http_scope(path, method))
    assert tapped.received == without.received
    assert tapped.sent == without.sent
    assert len(tapped.events) + wiretap.num_unread == (status == 200 and target in TAPPED)


class GatedApplication:
    """An application that responds to each request once the test allows it."""

    def __init__(self) -> None:
        self.num_requests = 0
        self.may_respond: dict[str, asyncio.Event] = {}

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.num_requests += 1
        key = json.loads(body)["key"]
        await self.may_respond.setdefault(key, asyncio.Event()).wait()
        for message in response_messages(b"{}", status=scope.get("status", 200)):
            await send(message)


class Writes:
    """Writes to a gated application behind the wiretap."""

    def __init__(self) -> None:
        self.application = GatedApplication()
        self.events: list[RunEvent] = []
        self.wiretap = Wiretap(self.application.app, self.events.append)

    async def begin(self, key: str, **scope: Any) -> asyncio.Task[None]:
        """Start a write, and return once the application has received all of it."""
        num_requests = self.application.num_requests
        task = asyncio.create_task(self._send(http_scope(**scope), request_messages(tag_body(key))))
        await run_ready_tasks()
        assert self.application.num_requests == num_requests + 1
        return task

    def begin_without_end(self) -> asyncio.Task[None]:
        """Start a write whose body never ends."""
        return asyncio.create_task(self._send(http_scope(), request_messages(b"{", b"")[:1]))

    def respond(self, key: str) -> None:
        self.application.may_respond.setdefault(key, asyncio.Event()).set()

    async def _send(self, scope: Scope, messages: list[Message]) -> None:
        async def receive() -> Message:
            if not messages:
                await asyncio.Event().wait()
            return messages.pop(0)

        async def send(message: Message) -> None: ...

        await self.wiretap(scope, receive, send)


async def run_ready_tasks() -> None:
    """Give every task that can proceed some turns of the event loop."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_events_are_in_the_order_of_the_responses() -> None:
    writes = Writes()
    tasks = [await writes.begin(key) for key in "abc"]
    for key in "cab":
        writes.respond(key)
        await run_ready_tasks()
    await asyncio.gather(*tasks)
    keys = [key for event in writes.events if isinstance(event, TagsChanged) for key in event.tags]
    assert keys == ["c", "a", "b"]


async def test_settled_returns_at_once_with_no_write_in_flight() -> None:
    await asyncio.wait_for(Writes().wiretap.settled(), 5)


@pytest.mark.parametrize("status", [200, 400])
async def test_settled_waits_for_each_received_write_and_for_no_later_one(
    status: int,
) -> None:
    writes = Writes()
    early = await writes.begin("early", status=status)
    settled = asyncio.create_task(writes.wiretap.settled())
    await run_ready_tasks()
    assert not settled.done()
    late = await writes.begin("late")
    writes.respond("early")
    await asyncio.wait_for(settled, 5)
    assert bool(writes.events) == (status == 200)
    assert not late.done()
    writes.respond("late")
    await asyncio.gather(early, late)
    await asyncio.wait_for(writes.wiretap.settled(), 5)


async def test_a_cancelled_write_settles() -> None:
    writes = Writes()
    failing = await writes.begin("k")
    settled = asyncio.create_task(writes.wiretap.settled())
    await run_ready_tasks()
    failing.cancel()
    await asyncio.wait_for(settled, 5)


async def test_settled_does_not_wait_for_an_incomplete_request() -> None:
    writes = Writes()
    unfinished = writes.begin_without_end()
    await run_ready_tasks()
    await asyncio.wait_for(writes.wiretap.settled(), 5)
    unfinished.cancel()


async def test_settled_does_not_wait_for_an_upload() -> None:
    writes = Writes()
    uploading = await writes.begin("x", path=ARTIFACT, method="PUT")
    await asyncio.wait_for(writes.wiretap.settled(), 5)
    uploading.cancel()
