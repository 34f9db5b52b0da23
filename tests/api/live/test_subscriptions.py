"""A subscriber gets the messages of the one topic that it subscribed to."""

import pytest

from api.live.recent_messages import EncodedMessage, RecentMessages
from api.live.subscriber import Subscriber
from api.live.subscriptions import Subscriptions, all_runs_topic
from tests.api.live.fake_socket import FakeSocket

pytestmark = pytest.mark.anyio


class Stream:
    """Publishes numbered messages to subscriptions."""

    def __init__(self) -> None:
        self.subscriptions = Subscriptions()
        self._recent = RecentMessages(100, 0)

    def socket(self, run_id: str | None, workspace: str | None = None) -> FakeSocket:
        socket = FakeSocket()
        subscriber = Subscriber(socket.send, workspace)
        subscriber.begin(["first"], 0, self._recent, self._recent.end)
        self.subscriptions.add(subscriber, run_id)
        return socket

    async def publish(self, text: str, run_id: str, workspace: str | None = None) -> None:
        message = EncodedMessage(1, (run_id, all_runs_topic(workspace)), text, is_update=False)
        self._recent.append(message)
        await self.subscriptions.publish(message, self._recent.end - 1)


async def test_a_message_goes_to_its_run_and_to_all_runs_of_its_workspace() -> None:
    stream = Stream()
    sockets = [stream.socket("a"), stream.socket("b"), stream.socket(None)]
    elsewhere = stream.socket(None, "radiology")

    await stream.publish("hello", "a")

    assert [socket.texts[1:] for socket in sockets] == [["hello"], [], ["hello"]]
    assert elsewhere.texts == ["first"]


async def test_a_subscriber_that_moves_to_another_run_leaves_its_first() -> None:
    stream = Stream()
    socket = stream.socket("a")
    (subscriber,) = stream.subscriptions.subscribers()

    stream.subscriptions.add(subscriber, "b")
    await stream.publish("of a", "a")
    await stream.publish("of b", "b")

    assert socket.texts == ["first", "of b"]
    assert len(stream.subscriptions) == 1


async def test_a_removed_subscriber_gets_nothing_and_is_not_counted() -> None:
    stream = Stream()
    socket = stream.socket("a")

    for subscriber in stream.subscriptions.subscribers():
        stream.subscriptions.remove(subscriber)
    await stream.publish("of a", "a")

    assert socket.texts == ["first"]
    assert len(stream.subscriptions) == 0


async def test_more_sockets_than_are_written_to_in_one_turn_all_get_the_message() -> None:
    stream = Stream()
    sockets = [stream.socket("a") for _ in range(300)]

    await stream.publish("hello", "a")

    assert all(socket.texts == ["first", "hello"] for socket in sockets)
    assert not stream.subscriptions.is_publishing
