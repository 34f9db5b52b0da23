"""Notifies those that wait for a run's state to change, in this process and in the others."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.bus.protocol import Bus
from api.control.audit import CommandRecord
from api.control.instruction_entries import instruction_entry
from api.timestamps import unix_ms
from tracking_plugin.events import ControlChanged, InstructionChanged

SHOW_TIMEOUT_S = 5.0


class StateChanges:
    """A notification says that a state may have changed. The new state is read from the store."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._in_progress: dict[str, set[asyncio.Future[None]]] = {}
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
    def in_progress(self, run_id: str) -> Iterator[None]:
        """Wraps the storing and showing of a change, for `wait_until_shown`."""
        done = asyncio.get_running_loop().create_future()
        self._in_progress.setdefault(run_id, set()).add(done)
        try:
            yield
        finally:
            done.set_result(None)
            self._in_progress[run_id].discard(done)
            if not self._in_progress[run_id]:
                del self._in_progress[run_id]

    async def wait_until_shown(self, run_id: str) -> None:
        """Wait, at most SHOW_TIMEOUT_S, until all changes now in progress are shown in MLflow."""
        if in_progress := set(self._in_progress.get(run_id, ())):
            await asyncio.wait(in_progress, timeout=SHOW_TIMEOUT_S)

    def announce(self, run_id: str) -> None:
        """Notify all processes."""
        self.notify(run_id)
        self._bus.publish(ControlChanged(run_id=run_id, accepted_ms=unix_ms()))

    def send_to_sockets(self, instruction: CommandRecord, workspace: str | None) -> None:
        """Send the instruction, as it is now, to those that watch the run."""
        self._bus.publish(
            InstructionChanged(
                run_id=instruction.run_id,
                accepted_ms=unix_ms(),
                workspace=workspace,
                instruction=instruction_entry(instruction).model_dump_json(),
            )
        )

    def notify(self, run_id: str) -> None:
        """Notify this process."""
        for changed in self._watchers.get(run_id, ()):
            changed.set()
        self.on_change(run_id)

    def notify_all(self) -> None:
        """Notify all watchers of this process, after announcements may have been lost."""
        for run_id in list(self._watchers):
            self.notify(run_id)
