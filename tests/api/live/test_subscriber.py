"""A socket is sent everything in order, whatever its client does, and delays no other socket."""

import asyncio

import pytest

from api.live import subscriber as subscriber_module
from api.live.subscriber import MOST_BEHIND, TOO_SLOW, wire
from tests.api.live.fake_socket import FakeSocket
from tests.api.live.published_messages import Stream, offsets
from tests.turns import other_tasks, turns

pytestmark = pytest.mark.anyio


async def test_a_reader_that_keeps_up_is_written_to_at_once_without_a_task() -> None:
    stream, socket = Stream(), FakeSocket()
    before = other_tasks()
    subscriber = stream.join(socket)
    stream.publish("update", "status")
    assert socket.texts == ["first", *stream.texts]
    assert subscriber.is_live
    assert subscriber.offset == 2
    assert other_tasks() == before


async def test_a_blocked_client_delays_no_other_and_gets_everything_once_and_in_order() -> None:
    stream, slow, quick = Stream(), FakeSocket(), FakeSocket()
    behind = stream.join(slow)
    stream.join(quick)
    slow.block()
    stream.publish("update", "status", "update")
    await turns()
    stream.publish("update")
    assert quick.texts == ["first", *stream.texts]
    assert slow.texts == ["first", stream.texts[0]]
    assert (behind.is_live, behind.offset) == (False, 1)
    slow.unblock()
    await turns()
    assert slow.texts == ["first", *stream.texts]
    assert behind.is_live
    stream.publish("update")
    assert slow.texts == ["first", *stream.texts]
    assert other_tasks() == set()


async def test_the_pages_of_a_snapshot_come_before_every_later_message() -> None:
    stream, socket = Stream(), FakeSocket()
    socket.block()
    subscriber = stream.join(socket)
    socket.texts.clear()
    stream.begin(subscriber, ["first", "page 2", "page 3"])
    stream.publish("update")
    await turns()
    assert socket.texts == ["first"]
    socket.unblock()
    stream.publish("update")
    await turns()
    assert socket.texts == ["first", "page 2", "page 3", *stream.texts]
    assert subscriber.is_live


async def test_a_reader_that_blocks_again_and_again_misses_nothing() -> None:
    stream, socket = Stream(), FakeSocket()
    stream.join(socket)
    for _ in range(20):
        socket.block()
        stream.publish("update", "update")
        await turns(3)
        socket.unblock()
        stream.publish("status")
        await turns(1)
    await turns()
    assert socket.texts == ["first", *stream.texts]


async def test_a_socket_is_sent_only_its_own_topic_even_if_it_is_behind() -> None:
    stream, slow, quick = Stream(), FakeSocket(), FakeSocket()
    stream.join(slow, "b")
    stream.join(quick, "b")
    slow.block()
    for run_id in "abab":
        stream.publish("update", "status", run_id=run_id)
    slow.unblock()
    await turns()
    assert offsets(quick) == offsets(slow) == [3, 4, 7, 8]


async def test_a_blocked_first_message_is_followed_by_the_later_ones() -> None:
    stream, socket = Stream(), FakeSocket()
    socket.block()
    stream.join(socket)
    stream.publish("update", "update")
    socket.unblock()
    await turns()
    assert socket.texts == ["first", *stream.texts]


async def test_a_client_that_resumes_gets_the_missed_messages_then_the_new_ones() -> None:
    stream, socket = Stream(), FakeSocket()
    stream.publish(*["update"] * 5)
    stream.join(socket, since=2)
    stream.publish("update")
    await turns()
    stream.publish("status")
    assert socket.texts == ["first", *stream.texts[2:]]


async def test_a_client_that_is_far_behind_gets_only_the_newest_update_of_each_run() -> None:
    stream, socket = Stream(), FakeSocket()
    stream.join(socket)
    socket.block()
    stream.publish("update")
    stream.publish("update", run_id="b")
    stream.publish("status", *["update"] * (2 * MOST_BEHIND), "artifact")
    socket.unblock()
    await turns(1000)
    # The first was being sent; all of the last MOST_BEHIND messages are sent.
    num_sent_completely = MOST_BEHIND
    last = len(stream.published)
    assert offsets(socket) == [1, 2, 3, *range(last - num_sent_completely + 1, last + 1)]


async def test_a_client_that_is_a_little_behind_gets_every_update() -> None:
    stream, socket = Stream(), FakeSocket()
    stream.join(socket)
    socket.block()
    stream.publish(*["update"] * (MOST_BEHIND + 1))
    socket.unblock()
    await turns(1000)
    assert socket.texts == ["first", *stream.texts]


async def test_messages_other_than_updates_are_never_skipped() -> None:
    stream, socket = Stream(), FakeSocket()
    stream.join(socket)
    socket.block()
    stream.publish(*["status", "artifact"] * (2 * MOST_BEHIND))
    socket.unblock()
    await turns(1000)
    assert socket.texts == ["first", *stream.texts]


async def test_a_resume_sends_every_missed_message_however_many_there_are() -> None:
    stream, socket = Stream(), FakeSocket()
    num_missed = 5 * MOST_BEHIND
    stream.publish(*["update"] * num_missed)
    socket.block()
    stream.join(socket, since=0)
    stream.publish(*["update"] * num_missed)
    socket.unblock()
    await turns(5000)
    assert offsets(socket)[:num_missed] == list(range(1, num_missed + 1))
    assert offsets(socket)[-1] == 2 * num_missed
    assert len(offsets(socket)) < 2 * num_missed


async def test_a_client_whose_next_message_was_dropped_is_closed() -> None:
    stream, socket = Stream(retention=5), FakeSocket()
    subscriber = stream.join(socket)
    socket.block()
    stream.publish("update", "status", *["update"] * 5)
    await turns()
    socket.unblock()
    await turns()
    assert socket.closed is not None
    assert socket.closed[0] == TOO_SLOW
    assert offsets(socket) == [1]
    stream.publish("update")
    await turns()
    assert offsets(socket) == [1]
    assert not subscriber.is_live
    assert other_tasks() == set()


async def test_a_client_that_missed_only_superseded_updates_continues() -> None:
    stream, socket = Stream(retention=5), FakeSocket()
    stream.join(socket)
    socket.block()
    stream.publish(*["update"] * 20)
    await turns()
    socket.unblock()
    await turns()
    assert socket.closed is None
    assert offsets(socket) == [1, 16, 17, 18, 19, 20]


async def test_a_resume_with_a_dropped_message_is_closed() -> None:
    stream, socket = Stream(retention=5), FakeSocket()
    stream.publish(*["update"] * 5)
    socket.block()
    stream.join(socket, since=0)
    stream.publish(*["update"] * 3)
    socket.unblock()
    await turns()
    assert socket.closed is not None
    assert socket.closed[0] == TOO_SLOW
    assert offsets(socket) == []


async def test_the_connection_of_a_client_that_reads_nothing_is_aborted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subscriber_module, "STALLED_S", 0.01)
    stream, socket = Stream(), FakeSocket()
    subscriber = stream.join(socket)
    socket.block()
    stream.publish("update", "update")
    await asyncio.wait(other_tasks(), timeout=10)
    assert socket.transport.is_aborted
    assert not subscriber.is_live
    assert other_tasks() == set()


async def test_a_closed_socket_does_not_affect_others() -> None:
    stream, socket, other = Stream(), FakeSocket(), FakeSocket()
    closed = stream.join(socket)
    stream.join(other)
    socket.error = RuntimeError("closed")
    stream.publish("update", "update")
    await closed.close(1013, "too late")
    assert other.texts == ["first", *stream.texts]
    assert not closed.is_live
    assert other_tasks() == set()


async def test_a_socket_that_closes_while_it_is_behind_leaves_no_task() -> None:
    stream, socket = Stream(), FakeSocket()
    closed = stream.join(socket)
    socket.block()
    stream.publish("update", "update", "update")
    await turns()
    socket.error = RuntimeError("closed")
    socket.unblock()
    await turns()
    assert not closed.is_live
    assert other_tasks() == set()


async def test_closing_sends_the_close_frame_and_nothing_else() -> None:
    stream, socket = Stream(), FakeSocket()
    subscriber = stream.join(socket)
    await subscriber.close(1013, "reconnect")
    stream.publish("update")
    assert socket.closed == (1013, "reconnect")
    assert socket.texts == ["first"]


async def test_a_close_frame_that_is_not_read_aborts_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subscriber_module, "_CLOSE_DEADLINE_S", 0.01)
    socket = FakeSocket()
    subscriber = Stream().join(socket)
    socket.block()
    await subscriber.close(1013, "reconnect")
    assert socket.transport.is_aborted


@pytest.mark.parametrize("num_turns", [0, 1, 2, 10])
@pytest.mark.parametrize("is_blocked_at_first", [False, True])
async def test_a_stopped_subscriber_sends_nothing_more_and_leaves_no_task(
    num_turns: int, is_blocked_at_first: bool
) -> None:
    stream, socket = Stream(), FakeSocket()
    if is_blocked_at_first:
        socket.block()
    subscriber = stream.join(socket)
    socket.block()
    stream.publish("update", "update")
    await turns(num_turns)
    subscriber.stop()
    num_sent = len(socket.texts)
    socket.unblock()
    stream.publish("update")
    await turns()
    assert len(socket.texts) == num_sent
    assert other_tasks() == set()


@pytest.mark.parametrize("num_turns", [0, 1, 10])
async def test_a_stopped_resume_leaves_no_task(num_turns: int) -> None:
    stream, socket = Stream(), FakeSocket()
    stream.publish(*["update"] * 10)
    subscriber = stream.join(socket, since=0)
    await turns(num_turns)
    subscriber.stop()
    await turns()
    assert other_tasks() == set()


async def test_a_subscriber_that_begins_again_while_it_is_behind_continues_from_there() -> None:
    stream, socket = Stream(), FakeSocket()
    subscriber = stream.join(socket)
    socket.block()
    stream.publish("update", "update", "update")
    await turns()
    stream.begin(subscriber)
    stream.publish("status")
    socket.unblock()
    await turns()
    assert socket.texts == ["first", stream.texts[0], "first", stream.texts[3]]
    assert subscriber.is_live
    assert other_tasks() == set()


async def test_unnumbered_messages_reach_only_clients_that_keep_up() -> None:
    stream, slow, quick = Stream(), FakeSocket(), FakeSocket()
    for socket in (slow, quick):
        stream.join(socket)
    slow.block()
    stream.publish("update")
    for subscriber in stream.subscribers:
        subscriber.push_unnumbered(wire("passing"))
    slow.unblock()
    await turns()
    assert quick.texts == ["first", stream.texts[0], "passing"]
    assert slow.texts == ["first", stream.texts[0]]
    assert all(subscriber.offset == 1 for subscriber in stream.subscribers)
