"""Wakes whoever waits for a run's state to change, in this process and in the others."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.bus.protocol import Bus
from api.timestamps import unix_ms
from tracking_plugin.events import ControlChanged

SHOWN_DEADLINE_S = 5.0


class StateChanges:
    """Says that a state may have changed, never what it is now: that is looked up."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._under_way: dict[str, set[asyncio.Future[None]]] = {}
        self.on_change: Callable[[str], None] = lambda _: None

    @contextmanager
    def watching(self, run_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the run's state may have changed."""
        changed = asyncio.Event()
        self._watchers.setdefault(run_id, set()).add(changed)
        try:
            yield changed
        finally:
            self._watchers[run_id].discard(changed)
            if not self._watchers[run_id]:
                del self._watchers[run_id]

    @contextmanager
    def under_way(self, run_id: str) -> Iterator[None]:
        """While inside, a change of the run's state is made and shown."""
        done = asyncio.get_running_loop().create_future()
        self._under_way.setdefault(run_id, set()).add(done)
        try:
            yield
        finally:
            done.set_result(None)
            self._under_way[run_id].discard(done)
            if not self._under_way[run_id]:
                del self._under_way[run_id]

    async def finished(self, run_id: str) -> None:
        """Wait until all that is under way by now has been shown; for a moment, if that hangs."""
        if under_way := set(self._under_way.get(run_id, ())):
            await asyncio.wait(under_way, timeout=SHOWN_DEADLINE_S)

    def announce(self, run_id: str) -> None:
        """To all processes."""
        self.wake(run_id)
        self._bus.publish(ControlChanged(run_id=run_id, accepted_ms=unix_ms()))

    def wake(self, run_id: str) -> None:
        for changed in self._watchers.get(run_id, ()):
            changed.set()
        self.on_change(run_id)

    def wake_all(self) -> None:
        """Something may have been announced that did not arrive."""
        for run_id in list(self._watchers):
            self.wake(run_id)
