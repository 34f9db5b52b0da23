"""Which subscribers get which messages: those of one run, or those of all runs of a workspace."""

import asyncio

from mlflow.utils.workspace_utils import DEFAULT_WORKSPACE_NAME

from api.live.recent_messages import EncodedMessage
from api.live.subscriber import Subscriber, wire

_SOCKETS_PER_TURN = 128


def all_runs_topic(workspace: str | None) -> str:
    """The topic of all runs of a workspace; no run id begins with an asterisk."""
    return f"*{workspace or DEFAULT_WORKSPACE_NAME}"


class Subscriptions:
    """The subscribers of each topic."""

    def __init__(self) -> None:
        self._by_topic: dict[str, set[Subscriber]] = {}
        self.is_publishing = False
        """Whether some subscribers of a message have it and others do not have it yet."""

    def __len__(self) -> int:
        return sum(map(len, self._by_topic.values()))

    def subscribers(self) -> list[Subscriber]:
        return [subscriber for topic in self._by_topic.values() for subscriber in topic]

    def add(self, subscriber: Subscriber, run_id: str | None) -> None:
        """Subscribe to `run_id`, or to all runs of the subscriber's workspace, and to nothing else."""
        self.remove(subscriber)
        subscriber.run_id = run_id
        subscriber.topic = run_id or all_runs_topic(subscriber.workspace)
        self._by_topic.setdefault(subscriber.topic, set()).add(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        subscribers = self._by_topic.get(subscriber.topic, set())
        subscribers.discard(subscriber)
        if not subscribers:
            self._by_topic.pop(subscriber.topic, None)

    async def publish(self, encoded: EncodedMessage, number: int | None) -> None:
        """Send a message to the subscribers of its topics.

        One without a `number` is not among the recent messages: subscribers that are behind skip it.
        """
        message, offset = wire(encoded.text), encoded.offset
        receivers = [sub for topic in encoded.topics for sub in self._by_topic.get(topic, ())]
        self.is_publishing = True
        for index, subscriber in enumerate(receivers, 1):
            if number is not None:
                subscriber.push(number, offset, message)
            elif subscriber.topic in encoded.topics:
                # It may have subscribed to another run while others were written to.
                subscriber.push_unnumbered(message)
            if index % _SOCKETS_PER_TURN == 0:
                # MLflow's own requests wait in the same event loop.
                await asyncio.sleep(0)
        self.is_publishing = False
