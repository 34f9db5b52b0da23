"""Publishes messages to subscribers as the hub does, without a bus."""

from collections.abc import Sequence

from api.live.recent_messages import EncodedMessage, RecentMessages
from api.live.subscriber import Subscriber, wire
from tests.api.live.fake_socket import FakeSocket

ALL = "*"


class Stream:
    """Publishes as the hub does, to subscribers of all runs or of one."""

    def __init__(self, retention: int = 1000) -> None:
        self.recent = RecentMessages(retention, 0)
        self.published: list[EncodedMessage] = []
        self.subscribers: list[Subscriber] = []

    def join(self, socket: FakeSocket, topic: str = ALL, *, since: int | None = None) -> Subscriber:
        subscriber = Subscriber(socket.send)
        subscriber.topic = topic
        self.subscribers.append(subscriber)
        self.begin(subscriber, since=since)
        return subscriber

    def begin(
        self,
        subscriber: Subscriber,
        first: Sequence[str] = ("first",),
        *,
        since: int | None = None,
    ) -> None:
        """`since` is the offset of the last message received."""
        offset = len(self.published) if since is None else since
        start = self.recent.end if since is None else self.recent.number_after(since)
        subscriber.begin(first, offset, self.recent, start)

    def publish(self, *kinds: str, run_id: str = "a") -> None:
        for kind in kinds:
            offset = len(self.published) + 1
            text = f"{run_id} {kind} {offset}"
            message = EncodedMessage(offset, (run_id, ALL), text, kind == "update")
            self.published.append(message)
            self.recent.append(message)
            for subscriber in self.subscribers:
                if subscriber.topic in message.topics:
                    subscriber.push(self.recent.end - 1, offset, wire(text))

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.published]


def offsets(socket: FakeSocket) -> list[int]:
    return [int(text.split()[-1]) for text in socket.texts if text != "first"]
