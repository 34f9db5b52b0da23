"""The interface of the bus: one stream of events, which processes publish to and follow."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from tracking_plugin.events import RunEvent

RETAINED_BYTES = 64 * 1024 * 1024
"""The maximum size of the encoded events that are retained, in addition to their number."""


@dataclass(frozen=True)
class StreamPosition:
    """A position in the stream: within an epoch, offsets count from 1 without gaps."""

    epoch: str
    offset: int

    def __str__(self) -> str:
        """As the query parameter `since` of `/ws`."""
        return f"{self.epoch}:{self.offset}"


@dataclass(frozen=True)
class Batch:
    """Consecutive entries with their offsets; `position` is that of the last one."""

    position: StreamPosition
    entries: Sequence[tuple[int, RunEvent]]
    is_retained: bool = False
    """Whether the entries were in the stream before it was followed."""
    has_gap: bool = False
    """Whether earlier entries were dropped before they could be read."""


class Bus(Protocol):
    """Publishing neither waits nor fails, so that live clients cannot disturb a run.

    A new epoch begins when events had to be dropped or may have been lost with a process or a
    server, so that followers recognise the gap.
    """

    is_shared: bool
    """Whether other processes can publish to the stream, too."""

    @property
    def is_connected(self) -> bool:
        """Whether published events are sent at once; otherwise they wait."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """A context with the connections and tasks of the bus."""

    def publish(self, event: RunEvent) -> None:
        """Append `event` to the stream, after all earlier events of this process."""

    def follow(self) -> AsyncIterator[Batch]:
        """The retained events, then new ones; the first batch arrives at once, even if empty."""

    async def end(self) -> StreamPosition:
        """The present end of the stream. Raises OSError or TimeoutError if it cannot be read."""
