"""Copies what a program prints to a bounded list of lines, from which the control link takes them.

`sys.stdout` and `sys.stderr` stay the same objects, because log handlers and progress bars keep
references to them: their `write` is replaced, and put back at the end.
"""

import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from tracking_plugin.console_lines import MAX_LINE_CHARS, last_drawn, shown_line
from tracking_plugin.control_messages import ConsoleLines

logger = logging.getLogger(__name__)

MAX_PENDING_LINES = 1000
"""Of more lines that wait to be sent, the oldest are dropped, and counted."""
MAX_BATCH_LINES = 100
MAX_BATCH_BYTES = 48 * 1024
"""As JSON: the server's limit of a message is 64 KiB."""
BATCH_INTERVAL_S = 0.5
PROGRESS_INTERVAL_S = 10.0
"""How often the state of a progress bar becomes a line before the bar ends its own."""

_MAX_TEXT_CHARS = 256 * 1024
"""Of a longer text that is printed at once, only the end is looked at."""

_encoder = msgspec.json.Encoder()


class ConsoleBuffer:
    """The newest lines that were not sent yet. Safe to use from all threads."""

    def __init__(self) -> None:
        # A signal handler or a finalizer that prints may interrupt the holder of the lock.
        self._lock = threading.RLock()
        self._lines: deque[str] = deque()
        self._num_dropped = 0

    @property
    def has_pending(self) -> bool:
        return bool(self._lines or self._num_dropped)

    def add(self, line: str) -> None:
        with self._lock:
            if len(self._lines) >= MAX_PENDING_LINES:
                self._lines.popleft()
                self._num_dropped += 1
            self._lines.append(line)

    def drop(self, num_lines: int) -> None:
        """Count lines that will not be sent."""
        with self._lock:
            self._num_dropped += num_lines

    def drop_pending(self) -> None:
        """Count the lines that wait, instead of sending them."""
        with self._lock:
            self._num_dropped += len(self._lines)
            self._lines.clear()

    def take(self) -> ConsoleLines | None:
        """The oldest lines that fit in one message; None if there is nothing to say."""
        with self._lock:
            if not self.has_pending:
                return None
            taken: list[str] = []
            size = 0
            while self._lines and len(taken) < MAX_BATCH_LINES:
                size += len(_encoder.encode(self._lines[0]))
                if size > MAX_BATCH_BYTES:
                    break
                taken.append(self._lines.popleft())
            dropped, self._num_dropped = self._num_dropped, 0
            return ConsoleLines(console=taken, dropped=dropped)


class LineReader:
    """Makes lines of the pieces that one stream writes; of a progress bar, some states as well."""

    def __init__(self, buffer: ConsoleBuffer, clock: Callable[[], float] = time.monotonic) -> None:
        self._buffer = buffer
        self._clock = clock
        self._lock = threading.RLock()
        self._rest = ""
        self._shown_at = 0.0

    def add(self, text: str) -> None:
        with self._lock:
            if (left_out := len(text) - _MAX_TEXT_CHARS) > 0:
                self._buffer.drop(text.count("\n", 0, left_out))
                text = text[left_out:]
            *whole, rest = text.split("\n")
            if whole or not self._rest:
                self._shown_at = self._clock()
            for line in whole:
                self._buffer.add(shown_line(self._rest + line))
                self._rest = ""
            self._rest = _shortened(self._rest + rest)
            if "\r" in rest:
                self._show_progress()

    def end(self) -> None:
        """Add the last line, which no line end follows."""
        with self._lock:
            if line := shown_line(self._rest):
                self._buffer.add(line)
            self._rest = ""

    def _show_progress(self) -> None:
        now = self._clock()
        if now - self._shown_at >= PROGRESS_INTERVAL_S and (line := shown_line(self._rest)):
            self._shown_at = now
            self._buffer.add(line)


def _shortened(rest: str) -> str:
    """The beginning of a line, which would otherwise grow without limit."""
    if len(rest) <= 2 * MAX_LINE_CHARS:
        return rest
    start = rest.rfind("\r") + 1
    return (rest[start:] or last_drawn(rest))[: MAX_LINE_CHARS + 1]


class CapturedStream:
    """A stream whose `write` passes a copy to `take`, until `restore`."""

    def __init__(self, stream: Any, take: Callable[[str], None]) -> None:
        """Raises AttributeError or TypeError if the stream's `write` cannot be replaced."""
        self._stream = stream
        self._take = take
        self._before: Any = stream.write
        # A forked process has copies of this object's locks, which nobody releases there.
        self._pid = os.getpid()
        self._is_active = True
        self._stream.write = self.write

    def write(self, text: str) -> int:
        num_written: int = self._before(text)
        if self._is_active and os.getpid() == self._pid:
            try:
                self._take(text)
            except Exception:  # noqa: BLE001 - nothing about the copy may break what prints
                self._is_active = False
        return num_written

    def restore(self) -> None:
        """Put back what was before; captures that began later may still be there, and stay."""
        self._is_active = False
        if vars(self._stream).get("write") != self.write:
            return
        before = self._before
        while (owner := _owner(before)) is not None and not owner._is_active:  # noqa: SLF001
            before = owner._before  # noqa: SLF001 - of the same class
        is_of_class = getattr(before, "__self__", None) is self._stream
        if is_of_class:
            del self._stream.write
        else:
            self._stream.write = before


def _owner(write: Any) -> CapturedStream | None:
    owner = getattr(write, "__self__", None)
    return owner if isinstance(owner, CapturedStream) else None


class ConsoleCapture:
    """Captures `sys.stdout` and `sys.stderr` from `start` to `stop`; it never raises."""

    def __init__(self) -> None:
        self.buffer = ConsoleBuffer()
        self._readers: list[LineReader] = []
        self._captured: list[CapturedStream] = []

    def start(self) -> None:
        streams = {id(each): each for each in (sys.stdout, sys.stderr) if each is not None}
        for stream in streams.values():
            reader = LineReader(self.buffer)
            try:
                self._captured.append(CapturedStream(stream, reader.add))
            except (AttributeError, TypeError):
                logger.warning(
                    "The lines of a stream of the type %s cannot be sent to the server: it does "
                    "not allow to replace its write. The training continues",
                    type(stream).__name__,
                )
            else:
                self._readers.append(reader)

    def stop(self) -> None:
        for captured in reversed(self._captured):
            captured.restore()
        self._captured.clear()
        for reader in self._readers:
            with suppress(Exception):
                reader.end()
        self._readers.clear()
