"""The console lines of runs that the server did not start: kept in a window per run, and published."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from api.bus.protocol import Bus
from api.jobs.log_file import LogFile
from api.jobs.logs import LINES_PER_EVENT, MAX_LINE_CHARS, MAX_LINES_PER_S
from api.jobs.store import JobStore
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.control_messages import ConsoleLines
from tracking_plugin.events import LogLines
from tracking_plugin.private_files import UnsafeFileError

logger = logging.getLogger(__name__)

MAX_WINDOW_BYTES = 4 * 1024 * 1024
"""Of a longer log, the newest half of this is kept."""


class ConsoleLogs:
    """`folder` is that of the logs of jobs, so that their readers find these as well."""

    def __init__(self, folder: Path, bus: Bus, job_store: JobStore) -> None:
        self._folder = folder
        self._bus = bus
        self._job_store = job_store

    async def of_run(
        self, run_id: str, workspace: str | None
    ) -> Callable[[ConsoleLines], Awaitable[None]] | None:
        """What takes the lines of one link of an existing run; None for a job, whose output is followed."""
        if await in_database(partial(self._job_store.find, run_id)) is not None:
            return None
        return RunConsole(self._folder / f"{run_id}.log", self._bus, run_id, workspace).add


class RunConsole:
    """The lines that one program prints; those above MAX_LINES_PER_S are counted instead of kept."""

    def __init__(
        self,
        path: Path,
        bus: Bus,
        run_id: str,
        workspace: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = LogFile(path)
        self._bus = bus
        self._run_id = run_id
        self._workspace = workspace
        self._clock = clock
        self._allowed = float(MAX_LINES_PER_S)
        self._allowed_at = clock()
        self._num_dropped = 0

    async def add(self, lines: ConsoleLines) -> None:
        """Keep the lines, then publish them; logs a warning if they cannot be kept."""
        new = self._admitted(lines)
        if not new:
            return
        try:
            await asyncio.to_thread(self._store, new)
        except (OSError, UnsafeFileError) as error:
            logger.warning(
                "The console of run %s is not kept (%s)", self._run_id, type(error).__name__
            )
        for start in range(0, len(new), LINES_PER_EVENT):
            self._bus.publish(
                LogLines(
                    run_id=self._run_id,
                    accepted_ms=unix_ms(),
                    workspace=self._workspace,
                    lines=new[start : start + LINES_PER_EVENT],
                )
            )

    def _admitted(self, lines: ConsoleLines) -> list[str]:
        now = self._clock()
        refilled = self._allowed + (now - self._allowed_at) * MAX_LINES_PER_S
        self._allowed, self._allowed_at = min(refilled, MAX_LINES_PER_S), now
        printed = lines.console or []
        admitted = printed[: int(self._allowed)]
        self._num_dropped += max(0, lines.dropped) + len(printed) - len(admitted)
        if not admitted:
            return []
        self._allowed -= len(admitted)
        dropped, self._num_dropped = self._num_dropped, 0
        notice = [f"… {dropped} lines are missing: the program prints too fast"] if dropped else []
        return [*notice, *map(_one_line, admitted)]

    def _store(self, lines: list[str]) -> None:
        self._file.append(lines)
        self._file.keep_newest(MAX_WINDOW_BYTES)


def _one_line(line: str) -> str:
    """A program may send anything: a line end within a line would make two of it."""
    return line[:MAX_LINE_CHARS].replace("\n", " ")
