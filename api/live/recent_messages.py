"""The newest messages, encoded, for sockets that are behind or reconnect."""

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

from api.bus.protocol import RETAINED_BYTES


@dataclass(frozen=True, slots=True)
class EncodedMessage:
    """One message, encoded once for all sockets."""

    offset: int
    topics: tuple[str, str]
    """That of the run, and that of all runs of its workspace."""
    text: str
    is_update: bool
    """Whether it is a metrics update, which a newer one of the same run supersedes."""


class RecentMessages:
    """At most `retention` messages and RETAINED_BYTES, numbered from 0 in their order."""

    def __init__(self, retention: int, floor: int) -> None:
        self._retention = retention
        self._messages: deque[EncodedMessage] = deque()
        self._size_bytes = 0
        self._newest_update: dict[str, int] = {}
        self._first = 0
        self._gap_end = 0
        self.floor = floor
        """Every message after this offset is retained."""

    @property
    def end(self) -> int:
        """The number of the next message."""
        return self._first + len(self._messages)

    def append(self, message: EncodedMessage) -> None:
        if message.is_update:
            self._newest_update[message.topics[0]] = self.end
        self._messages.append(message)
        self._size_bytes += len(message.text)
        while len(self._messages) > self._retention or self._size_bytes > RETAINED_BYTES:
            self._drop_first()

    def number_after(self, offset: int) -> int:
        """The number of the first message after `offset`."""
        return self._first + bisect_right(self._messages, offset, key=lambda m: m.offset)

    def at(self, number: int) -> tuple[int, EncodedMessage]:
        """The first retained message from `number` on, and its number."""
        number = max(number, self._first)
        return number, self._messages[number - self._first]

    def is_superseded(self, number: int, message: EncodedMessage) -> bool:
        return message.is_update and number < self._newest_update.get(message.topics[0], 0)

    def has_gap_at(self, number: int, *, is_complete_due: bool) -> bool:
        """Whether a message from `number` on has been dropped that the reader needs.

        A superseded message counts only if every message is due.
        """
        return number < (self._first if is_complete_due else self._gap_end)

    def _drop_first(self) -> None:
        first = self._messages.popleft()
        self._size_bytes -= len(first.text)
        self.floor = first.offset
        if not self.is_superseded(self._first, first):
            self._gap_end = self._first + 1
            if first.is_update:
                del self._newest_update[first.topics[0]]
        self._first += 1
