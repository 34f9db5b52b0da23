"""The console lines of runs that the server did not start: kept in a window per run, and published."""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from api.bus.protocol import Bus
from api.jobs.log_file import LogFile
from api.jobs.logs import LINES_PER_EVENT, MAX_LINES_PER_S
from api.jobs.store import JobStore
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.console import MAX_BATCH_LINES, MAX_PENDING_LINES
from tracking_plugin.console_lines import shown_line
from tracking_plugin.control_messages import ConsoleLines
from tracking_plugin.events import LogLines
from tracking_plugin.private_files import UnsafeFileError

logger = logging.getLogger(__name__)

MAX_WINDOW_BYTES = 4 * 1024 * 1024
"""Of a longer log, the newest half of this is kept."""
MAX_BURST_LINES = MAX_PENDING_LINES + MAX_BATCH_LINES
"""A program that ends sends at once all that waits, after what it has just sent."""


class ConsoleLogs:
    """`folder` is that of the logs of jobs, so that their readers find these as well."""

    def __init__(
        self, folder: Path, bus: Bus, job_store: JobStore, on_opened: Callable[[], None]
    ) -> None:
        """`on_opened` is called for each link whose lines are taken."""
        self._folder = folder
        self._bus = bus
        self._job_store = job_store
        self._on_opened = on_opened

    async def of_run(self, run_id: str, workspace: str | None) -> "RunConsole | None":
        """What takes the lines of one link of an existing run; None for a job, whose output is followed."""
        if await in_database(partial(self._job_store.find, run_id)) is not None:
            return None
        self._on_opened()
        return RunConsole(self._folder / f"{run_id}.log", self._bus, run_id, workspace)


class RunConsole:
    """The lines that one program prints; of those above MAX_LINES_PER_S, only the number is told."""

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
        self._allowed = float(MAX_BURST_LINES)
        self._allowed_at = clock()
        self._num_missing = 0
        """After the newest line that was kept."""

    async def add(self, lines: ConsoleLines) -> None:
        """Keep the lines, then publish them; logs a warning if they cannot be kept."""
        await self._keep(self._admitted(lines))

    async def end(self) -> None:
        """Say what is missing since the last line: the link has ended."""
        await self._keep(self._notice())

    async def _keep(self, new: list[str]) -> None:
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
        self._allowed, self._allowed_at = min(refilled, MAX_BURST_LINES), now
        printed = lines.console or []
        self._num_missing += max(0, lines.dropped)
        if self._allowed < 1:
            self._num_missing += len(printed)
            return []
        admitted = printed[: int(self._allowed)]
        self._allowed -= max(1, len(admitted))
        notice = self._notice()
        self._num_missing = len(printed) - len(admitted)
        return [*notice, *map(shown_line, admitted)]

    def _notice(self) -> list[str]:
        """The line that stands where lines are missing, if any are."""
        number, self._num_missing = self._num_missing, 0
        if not number:
            return []
        missing = "1 line is" if number == 1 else f"{number} lines are"
        return [f"… {missing} missing here: too many at once, or the connection was lost"]

    def _store(self, lines: list[str]) -> None:
        self._file.append(lines)
        self._file.keep_newest(MAX_WINDOW_BYTES)
