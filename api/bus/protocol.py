"""The stream of all runs' events, between the server processes that publish them and the hubs that follow."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from tracking_plugin.events import RunEvent

RETAINED_BYTES = 64 * 1024 * 1024
"""Of encoded events that a bus keeps, besides their number."""


@dataclass(frozen=True)
class StreamPosition:
    """A place in the stream: offsets count from 1 without a gap, as long as the epoch lasts."""

    epoch: str
    offset: int


@dataclass(frozen=True)
class Batch:
    """Consecutive entries, by offset; `position` is that of the last of them."""

    position: StreamPosition
    entries: Sequence[tuple[int, RunEvent]]
    is_retained: bool = False
    """Whether these were in the stream before it was followed."""
    has_gap: bool = False
    """Whether entries before these were dropped before they could be read."""


class Bus(Protocol):
    """Publishing neither waits nor fails: no run may suffer from who watches it.

    What has to be dropped all the same, or may have been lost with a process or a server, is told
    by a new epoch, so that nobody takes a stream with a gap for a whole one.
    """

    is_shared: bool
    """Whether other processes may publish to the stream, too."""

    @property
    def is_connected(self) -> bool:
        """Whether what is published arrives at once; otherwise it waits."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Holds the connections and tasks that the bus needs."""

    def publish(self, event: RunEvent) -> None:
        """Append `event` to the stream, behind all that this process has published before."""

    def follow(self) -> AsyncIterator[Batch]:
        """What the stream retains, then what comes; the first batch comes at once, even if empty."""

    async def end(self) -> StreamPosition:
        """Where the stream ends now; raises OSError or TimeoutError where nobody can tell."""
