"""Notices that a framework's training loop has ended, also if it raised and told its callbacks nothing."""

import sys
import threading
from collections.abc import Callable
from types import FrameType

CHECK_INTERVAL_S = 0.5


class LoopWatch:
    """Calls `on_end` in a thread of its own once the loop is no longer on the stack of its thread.

    The loop is the outermost function of `package` that is running when the watch is created, such
    as `Trainer.train`. Without such a function nothing is watched.
    """

    def __init__(self, package: str, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._loop: FrameType | None = _outermost(package)
        self._thread_id = threading.get_ident()
        self._is_closed = threading.Event()
        if self._loop is not None:
            threading.Thread(target=self._watch, name="fovea-loop-watch", daemon=True).start()

    def close(self) -> None:
        """Watch no longer. May be called from any thread, also from `on_end`."""
        self._is_closed.set()

    def _watch(self) -> None:
        while not self._is_closed.wait(CHECK_INTERVAL_S):
            if not self._is_running():
                self._is_closed.set()
                self._on_end()
        # The frame keeps the variables of the training alive.
        self._loop = None

    def _is_running(self) -> bool:
        frame = sys._current_frames().get(self._thread_id)  # noqa: SLF001 - its documented name
        while frame is not None:
            if frame is self._loop:
                return True
            frame = frame.f_back
        return False


def _outermost(package: str) -> FrameType | None:
    found: FrameType | None = None
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - its documented name
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name == package or name.startswith(f"{package}."):
            found = frame
        frame = frame.f_back
    return found
