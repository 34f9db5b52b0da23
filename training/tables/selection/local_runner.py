"""Runs each trial as a child process on this machine."""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from training.tables.selection.trial import TrialData, TrialEvent, TrialSpec
from training.tables.selection.trial_process import GO, STOP, TrialRequest

_GO_EVERY_S = 0.25
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SIGNALLED = (
    "Its process was ended by the signal {name}; most likely, memory was short. Try fewer rows, "
    "fewer rounds or smaller trees."
)


class LocalRunner:
    """`num_slots` trials at a time.

    With `keeps_spare`, the process of the next trial loads its libraries meanwhile.
    """

    def __init__(self, *, num_threads: int, num_slots: int = 1, keeps_spare: bool = True) -> None:
        self.num_slots = num_slots
        self._num_threads, self._keeps_spare = num_threads, keeps_spare
        self._data_folder: Path | None = None
        self._spare: subprocess.Popen[bytes] | None = None

    def prepare(self, data: TrialData) -> None:
        self.close()
        self._data_folder = Path(tempfile.mkdtemp(prefix="fovea-trials-"))
        data.save(self._data_folder)

    def start(self, spec: TrialSpec, folder: Path) -> "LocalTrial":
        assert self._data_folder is not None, "prepare() comes first"
        process = self._spare or self._process()
        self._spare = self._process() if self._keeps_spare else None
        request = TrialRequest(spec=spec, data_folder=self._data_folder, folder=folder)
        return LocalTrial(process, request)

    def close(self) -> None:
        if self._spare is not None:
            _end(self._spare)
            self._spare = None
        if self._data_folder is not None:
            shutil.rmtree(self._data_folder, ignore_errors=True)
            self._data_folder = None

    def _process(self) -> "subprocess.Popen[bytes]":
        threads = dict.fromkeys(_THREAD_VARIABLES, str(self._num_threads))
        return subprocess.Popen(
            [sys.executable, "-m", "training.tables.selection.trial_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **threads},
        )


class LocalTrial:
    """A trial in a child process."""

    def __init__(self, process: "subprocess.Popen[bytes]", request: TrialRequest) -> None:
        self._process = process
        self._buffer = b""
        self._is_over = False
        self._say(request.model_dump_json().encode() + b"\n")

    @property
    def process_id(self) -> int:
        return self._process.pid

    def poll(self, timeout_s: float) -> Sequence[TrialEvent]:
        events: list[TrialEvent] = []
        end = time.monotonic() + timeout_s
        while not self._is_over:
            self._say(GO)
            wait_s = min(max(0.0, end - time.monotonic()), _GO_EVERY_S)
            if select.select([self._stdout], [], [], wait_s)[0]:
                events += self._read()
            if events or time.monotonic() >= end:
                break
        return events

    def stop(self) -> None:
        self._say(STOP)

    def kill(self) -> None:
        self._is_over = True
        _end(self._process)

    @property
    def _stdout(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def _say(self, line: bytes) -> None:
        assert self._process.stdin is not None
        # If the process has died, the end of its stdout says so.
        with suppress(BrokenPipeError):
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def _read(self) -> list[TrialEvent]:
        content = os.read(self._stdout, 65536)
        if not content:
            return [self._died()]
        *lines, self._buffer = (self._buffer + content).split(b"\n")
        try:
            events = [TrialEvent.model_validate_json(line) for line in lines]
        except ValidationError:
            return [self._died()]
        self._is_over = any(event.is_last for event in events)
        return events

    def _died(self) -> TrialEvent:
        self._is_over = True
        _end(self._process)
        code = self._process.returncode
        with suppress(ValueError):
            return TrialEvent(
                kind="failed", message=_SIGNALLED.format(name=signal.Signals(-code).name)
            )
        return TrialEvent(kind="failed", message=f"Its process ended with the status {code}.")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process if it runs, and wait for it."""
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        with suppress(BrokenPipeError):
            stream.close()
    try:
        # One that has ended by itself, or ends because its stdin is closed, keeps its status.
        process.wait(0.05)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
