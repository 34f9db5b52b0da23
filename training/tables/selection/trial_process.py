"""Runs one trial in a process of its own, which `local_runner.py` starts.

    python -m training.tables.selection.trial_process

A trial that takes too much memory or crashes ends only this process. The first line of stdin is a
TrialRequest, each later one `go` or `stop`; stdout has one TrialEvent a line. Between rounds, the
trial waits while no `go` arrives, so it pauses with its parent, and ends with it.
"""

import contextlib
import os
import resource
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict

from tracking_plugin.full_disk import is_of_full_disk
from training.errors import first_line
from training.tables.errors import TableError
from training.tables.printable import printable
from training.tables.selection.trial import TrialData, TrialEvent, TrialSpec, run_trial

GO = b"go\n"
STOP = b"stop\n"
PAUSE_AFTER_S = 1.0
"""Without `go`; the parent sends it several times a second."""
_MAX_MESSAGE_CHARS = 300


class TrialRequest(BaseModel):
    """A trial, and the folders of its data and of its results."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: TrialSpec
    data_folder: Path
    folder: Path


class ParentGoneError(Exception):
    """Nobody waits for the trial any more."""


def main() -> None:
    """Answer the request in the first line of stdin; without one, end."""
    events = os.fdopen(os.dup(1), "wb")
    # Libraries print to stdout, too.
    os.dup2(2, 1)
    orders = Orders(sys.stdin.fileno())
    try:
        request = TrialRequest.model_validate_json(orders.first_line())
        limit_process(request.spec.memory_bytes)
        _run(request, events, orders)
    except ParentGoneError:
        return


def _run(request: TrialRequest, events: IO[bytes], orders: "Orders") -> None:
    def report(event: TrialEvent) -> None:
        try:
            events.write(event.model_dump_json().encode() + b"\n")
            events.flush()
        except BrokenPipeError as error:
            raise ParentGoneError from error

    try:
        run_trial(
            request.spec,
            TrialData.load(request.data_folder),
            request.folder,
            report=report,
            should_stop=orders.should_stop,
        )
    except ParentGoneError:
        raise
    except MemoryError:
        report(TrialEvent(kind="failed", message=_out_of_memory(request.spec)))
    except TableError as error:
        report(TrialEvent(kind="failed", message=str(error)))
    # Libraries raise errors of any type, and this is the edge of the process.
    except Exception as error:  # noqa: BLE001
        report(TrialEvent(kind="failed", message=_reason(error, request.spec)))


def _reason(error: Exception, spec: TrialSpec) -> str:
    if is_of_full_disk(error):
        return "The machine has no room for its model on the disk of temporary files."
    text = first_line(error)
    if "alloc" in text.lower() or "memory" in text.lower():
        return _out_of_memory(spec)
    return printable(text, _MAX_MESSAGE_CHARS)


def _out_of_memory(spec: TrialSpec) -> str:
    return f"It needed more than the {spec.memory_bytes / 2**20:,.0f} MiB that a trial may take."


class Orders:
    """What the parent says on stdin."""

    def __init__(self, descriptor: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._descriptor, self._clock = descriptor, clock
        self._buffer = b""
        self._go_at = clock()
        self._is_stopped = False

    def first_line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._read()
        line, _, self._buffer = self._buffer.partition(b"\n")
        self._go_at = self._clock()
        return line

    def should_stop(self, _num_rounds: int) -> bool:
        """Whether the parent said `stop`; waits if it has not said `go` for long."""
        while not self._is_stopped:
            is_late = self._clock() - self._go_at > PAUSE_AFTER_S
            if not select.select([self._descriptor], [], [], None if is_late else 0)[0]:
                return False
            self._read()
            self._take_lines()
        return True

    def _take_lines(self) -> None:
        *lines, self._buffer = self._buffer.split(b"\n")
        if lines:
            self._go_at = self._clock()
        self._is_stopped = STOP.strip() in lines

    def _read(self) -> None:
        content = os.read(self._descriptor, 65536)
        if not content:
            raise ParentGoneError
        self._buffer += content


def limit_process(memory_bytes: int) -> None:
    """Let this process take so much more memory, and be the first that the system ends."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
    limit = _data_bytes() + memory_bytes
    for kind, value in ((resource.RLIMIT_DATA, limit), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(OSError, ValueError):
            # macOS does not hold this limit, and a lower one may be set already.
            resource.setrlimit(kind, (value, value))


def _data_bytes() -> int:
    """The memory that RLIMIT_DATA counts: private and writable."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 2**30
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))


if __name__ == "__main__":
    main()
