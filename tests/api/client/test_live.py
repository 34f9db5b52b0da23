"""The live stream yields each event once and in order, however often connections are lost."""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import aclosing, closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from api.client.live import Link, LiveStream
from api.client.live_connection import follow, follow_async
from api.client.reconnection import BackOff, Loss
from api.client.refusals import NotFoveaError, RequestRefusedError, ServerUnreachableError
from api.client.server_address import server_address
from api.live.messages import InitialState, InitialStatePage, MetricsUpdate, ServerMessage
from tests.api.client.fake_stream import (
    BREAK,
    RUN_ID,
    Ending,
    FakeStream,
    initial_state,
    initial_state_page,
    metrics_update,
    pong,
    serving,
    status_update,
    updates,
)
from tests.ports import LOOPBACK, free_port

Read = Callable[[LiveStream, int], list[ServerMessage]]


class NoDelay(BackOff):
    def delay_s(self, loss: Loss) -> float:
        return 0.0


def stream_of(fake: FakeStream) -> LiveStream:
    return LiveStream(server_address(fake.url), RUN_ID, back_off=NoDelay())


def read_blocking(stream: LiveStream, last: int) -> list[ServerMessage]:
    """Messages until the one with offset `last`."""
    messages = []
    with closing(follow(stream)) as live:
        for message in live:
            messages.append(message)
            if message.offset >= last:
                break
    return messages


def read_async(stream: LiveStream, last: int) -> list[ServerMessage]:
    async def read() -> list[ServerMessage]:
        messages = []
        async with aclosing(follow_async(stream)) as live:
            async for message in live:
                messages.append(message)
                if message.offset >= last:
                    break
        return messages

    return asyncio.run(asyncio.wait_for(read(), 60))


@pytest.fixture(params=[read_blocking, read_async])
def read(request: pytest.FixtureRequest) -> Read:
    chosen: Read = request.param
    return chosen


ENDINGS = st.lists(
    st.builds(
        Ending,
        num_messages=st.integers(0, 8),
        code=st.sampled_from([BREAK, 1000, 1001, 1011, 1012, 4408]),
    ),
    max_size=6,
)


@pytest.mark.parametrize("read", [read_blocking, read_async])
@settings(max_examples=40)
@given(endings=ENDINGS, num_repeated=st.integers(0, 3))
def test_every_event_arrives_once_and_in_order_over_lost_connections(
    read: Read, endings: list[Ending], num_repeated: int
) -> None:
    fake = FakeStream(events=updates(15), endings=endings, num_repeated=num_repeated)

    with serving(fake):
        messages = read(stream_of(fake), 15)

    events = [message.offset for message in messages if isinstance(message, MetricsUpdate)]
    assert events == list(range(1, 16))


def test_a_position_that_the_server_has_dropped_yields_a_new_state(read: Read) -> None:
    fake = FakeStream(events=updates(9), first_kept=5, endings=[Ending(3)])

    with serving(fake):
        messages = read(stream_of(fake), 9)

    assert [message.offset for message in messages] == [0, 1, 2, 9]
    fresh = messages[-1]
    assert isinstance(fresh, InitialState)
    assert fresh.recovered is False


def test_a_restarted_stream_has_offsets_of_its_own(read: Read) -> None:
    fake = FakeStream(events=updates(3), endings=[Ending(4)])
    with serving(fake):
        stream = stream_of(fake)
        read(stream, 3)
        fake.epoch, fake.events = "e2", updates(2)

        messages = read(stream, 2)

    assert [message.offset for message in messages] == [2]
    assert str(stream.position) == "e2:2"


def test_every_connection_names_the_run_and_the_position(read: Read) -> None:
    fake = FakeStream(events=updates(3), endings=[Ending(2)])

    with serving(fake):
        read(stream_of(fake), 3)

    assert fake.requests == [f"/ws?run_id={RUN_ID}", f"/ws?run_id={RUN_ID}&since=e1:1"]


@pytest.mark.parametrize(("code", "status"), [(4401, 401), (4403, 403), (4404, 404), (1008, 403)])
def test_a_refusal_is_raised(read: Read, code: int, status: int) -> None:
    with (
        serving(FakeStream(endings=[Ending(0, code)])) as fake,
        pytest.raises(RequestRefusedError) as refused,
    ):
        read(stream_of(fake), 1)

    assert refused.value.status == status


def test_giving_up_states_the_time_limit_and_the_reason(read: Read) -> None:
    address = server_address(f"http://{LOOPBACK}:{free_port()}")
    stream = LiveStream(address, give_up_after_s=0.2)

    with pytest.raises(ServerUnreachableError, match=r"within 0\.2 s: .*refused"):
        read(stream, 1)


def test_the_link_is_reported_lost_and_live_again(read: Read) -> None:
    links: list[Link] = []
    fake = FakeStream(events=updates(3), endings=[Ending(2, 1012), Ending(0)])

    with serving(fake):
        stream = LiveStream(server_address(fake.url), on_link=links.append, back_off=NoDelay())
        read(stream, 3)

    assert [link.is_live for link in links] == [True, False, False, True]
    assert "1012" in links[1].reason
    assert links[1].since == links[2].since
    assert links[3].since > links[2].since


@pytest.fixture
def stream() -> LiveStream:
    stream = LiveStream(server_address("http://fovea.invalid"))
    stream.on_frame(json.dumps(initial_state("e1", 4)))
    return stream


def test_messages_of_newer_servers_are_skipped(
    stream: LiveStream, caplog: pytest.LogCaptureFixture
) -> None:
    newer = {**pong(5), "type": "from_the_future"}

    with caplog.at_level(logging.WARNING):
        assert stream.on_frame(json.dumps(newer)) is None

    assert not caplog.messages
    assert stream.on_frame(json.dumps(status_update(6, "paused")))


@pytest.mark.parametrize("frame", ["", "[]", "{", '{"type": "pong"}', b"\xff\x00"])
def test_an_invalid_message_is_logged_and_skipped(
    stream: LiveStream, frame: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert stream.on_frame(frame) is None
    assert "Skipped an invalid message" in caplog.text
    assert str(stream.position) == "e1:4"


def test_the_pages_of_a_state_have_its_position_and_are_not_skipped(stream: LiveStream) -> None:
    page = stream.on_frame(json.dumps(initial_state_page(4, 2, {"other": {"a": 1}})))
    assert isinstance(page, InitialStatePage)
    assert page.metrics.other == {"a": 1}
    assert str(stream.position) == "e1:4"


def test_a_pong_advances_the_position_of_a_quiet_stream(stream: LiveStream) -> None:
    assert stream.on_receive_timeout() == '{"type": "ping"}'
    assert stream.on_frame(json.dumps(pong(40))) is None
    assert str(stream.position) == "e1:40"
    assert stream.on_frame(json.dumps(metrics_update(39, 0.1))) is None


def test_a_state_of_another_stream_is_not_a_recovery(stream: LiveStream) -> None:
    assert stream.on_frame(json.dumps(initial_state("e2", 2, recovered=True)))
    assert str(stream.position) == "e2:2"


def test_an_unknown_run_is_a_refusal() -> None:
    stream = LiveStream(server_address("http://fovea.invalid"))
    error = {**pong(0), "type": "error", "error": "There is no run", "error_code": "NOT_FOUND"}

    with pytest.raises(RequestRefusedError, match="There is no run") as refused:
        stream.on_frame(json.dumps(error))

    assert refused.value.status == 404


def test_an_error_message_after_the_first_state_is_yielded(stream: LiveStream) -> None:
    error = {**pong(4), "type": "error", "error": "What?", "error_code": "BAD_REQUEST"}

    assert stream.on_frame(json.dumps(error))
    assert str(stream.position) == "e1:4"


def test_a_server_that_sends_no_state_is_a_lost_connection() -> None:
    with pytest.raises(TimeoutError):
        LiveStream(server_address("http://fovea.invalid")).on_receive_timeout()


def test_a_recovered_state_does_not_skip_the_missed_messages(stream: LiveStream) -> None:
    assert stream.on_frame(json.dumps(initial_state("e1", 9, recovered=True))) is None
    assert str(stream.position) == "e1:4"
    assert stream.on_frame(json.dumps(metrics_update(5, 0.1)))


@pytest.mark.parametrize("status", [200, 404, 426])
def test_a_server_without_a_live_stream_is_not_retried(read: Read, status: int) -> None:
    def answer(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(status, "no sockets here")

    with (
        serving(FakeStream(), answer) as fake,
        pytest.raises(NotFoveaError, match=f"answered {status}"),
    ):
        read(stream_of(fake), 1)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_before_the_socket_opens_is_raised(read: Read, status: int) -> None:
    def answer(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(status, "")

    with (
        serving(FakeStream(), answer) as fake,
        pytest.raises(RequestRefusedError) as refused,
    ):
        read(stream_of(fake), 1)

    assert refused.value.status == status
