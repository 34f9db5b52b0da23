"""A client gets every published message that no newer one supersedes, however it reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.live import subscriber as subscriber_module
from api.live.recent_messages import EncodedMessage
from tests.api.live.fake_socket import FakeSocket
from tests.api.live.published_messages import Stream, offsets
from tests.turns import other_tasks, turns

pytestmark = pytest.mark.anyio

steps = st.lists(
    st.sampled_from(
        ["block", "unblock", "turn", "reconnect"]
        + [f"{run_id} {kind}" for run_id in "ab" for kind in ("update", "update", "status")]
    ),
    max_size=60,
)


class Reader:
    """A client that follows the steps of a script, and reconnects when the script or the server says so."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.socket = FakeSocket()
        self.subscriber = stream.join(self.socket)
        self._seen: list[int] = []
        self.had_gap = False

    @property
    def seen(self) -> list[int]:
        return self._seen + offsets(self.socket)

    async def follow(self, step: str) -> None:
        match step:
            case "block":
                self.socket.block()
            case "unblock":
                self.socket.unblock()
            case "reconnect":
                self._reconnect()
            case "turn":
                await turns(1)
            case _:
                run_id, kind = step.split()
                self._stream.publish(kind, run_id=run_id)

    async def read_to_the_end(self) -> None:
        self.socket.unblock()
        await turns(200)
        if self.socket.closed is not None:
            self._reconnect()
            await turns(200)

    def _reconnect(self) -> None:
        self.subscriber.stop()
        self._seen = self.seen
        self._stream.subscribers.remove(self.subscriber)
        self.socket = FakeSocket()
        known = self._seen[-1] if self._seen else 0
        is_known = self._stream.recent.floor <= known
        self.had_gap |= not is_known
        self.subscriber = self._stream.join(self.socket, since=known if is_known else None)


@given(steps, st.integers(3, 100))
async def test_everything_published_is_delivered_unless_superseded(
    steps: list[str], retention: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subscriber_module, "MOST_BEHIND", 2)
        stream = Stream(retention)
        reader = Reader(stream)
        for step in steps:
            await reader.follow(step)
        await reader.read_to_the_end()
    assert reader.seen == sorted(set(reader.seen))
    assert other_tasks() == set()
    if not reader.had_gap:
        missing = [message for message in stream.published if message.offset not in reader.seen]
        assert [message for message in missing if not is_superseded(stream, message)] == []


def is_superseded(stream: Stream, message: EncodedMessage) -> bool:
    later = stream.published[message.offset :]
    return message.is_update and any(
        other.is_update and other.topics == message.topics for other in later
    )
