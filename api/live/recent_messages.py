"""The newest messages, encoded: what sockets that fell behind or come back have yet to get."""

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

from api.bus.protocol import RETAINED_BYTES


@dataclass(frozen=True, slots=True)
class EncodedMessage:
    """One message, encoded once whatever the number of sockets."""

    offset: int
    topics: tuple[str, str]
    """The run, and the runs of its workspace."""
    text: str
    is_update: bool
    """Whether a newer one of the same run makes it superfluous to a reader who is late."""


class RecentMessages:
    """At most `retention` messages and RETAINED_BYTES of them, numbered from 0 in their order."""

    def __init__(self, retention: int, floor: int) -> None:
        self._retention = retention
        self._messages: deque[EncodedMessage] = deque()
        self._size_bytes = 0
        self._newest_update: dict[str, int] = {}
        self._first = 0
        self._after_indispensable = 0
        self.floor = floor
        """Every message behind this offset is here."""

    @property
    def end(self) -> int:
        """The number that the next message will have."""
        return self._first + len(self._messages)

    def append(self, message: EncodedMessage) -> None:
        if message.is_update:
            self._newest_update[message.topics[0]] = self.end
        self._messages.append(message)
        self._size_bytes += len(message.text)
        while len(self._messages) > self._retention or self._size_bytes > RETAINED_BYTES:
            self._drop_first()

    def number_after(self, offset: int) -> int:
        """The number of the first message behind `offset`."""
        return self._first + bisect_right(self._messages, offset, key=lambda m: m.offset)

    def at(self, number: int) -> tuple[int, EncodedMessage]:
        """The first message from `number` on that is still here, and its number."""
        number = max(number, self._first)
        return number, self._messages[number - self._first]

    def is_superseded(self, number: int, message: EncodedMessage) -> bool:
        return message.is_update and number < self._newest_update.get(message.topics[0], 0)

    def lacks(self, number: int, *, is_whole_due: bool) -> bool:
        """Whether a reader who is at `number` missed something for good.

        What is superseded counts only for a reader who is due every single message.
        """
        return number < (self._first if is_whole_due else self._after_indispensable)

    def _drop_first(self) -> None:
        first = self._messages.popleft()
        self._size_bytes -= len(first.text)
        self.floor = first.offset
        if not self.is_superseded(self._first, first):
            self._after_indispensable = self._first + 1
            if first.is_update:
                del self._newest_update[first.topics[0]]
        self._first += 1
