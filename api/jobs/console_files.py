"""Removes console logs of runs that are no jobs: those of runs deleted for good, and the oldest of too many."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from api.control.store import ControlStore
from api.jobs.store import JobStore
from api.runs.reader import RunReader
from api.runs.workspaces import all_workspaces, within
from api.storage.database import in_database
from api.storage.leased_worker import LeasedWorker
from api.timestamps import unix_ms

MAX_FILES = 1000
MAX_TOTAL_BYTES = 1024 * 1024 * 1024
_INTERVAL_S = 3600.0
_FIRST_DELAY_S = 60.0
_LINKS_PER_LOOK = 50
"""After so many links, at most one file of each is above the limits."""

_RUN_ID_CHARS = 32
_HEXADECIMAL = frozenset("0123456789abcdef")


class ConsoleFiles:
    """Every process looks regularly; what another one has removed already does no harm."""

    def __init__(
        self, folder: Path, job_store: JobStore, control_store: ControlStore, reader: RunReader
    ) -> None:
        self._folder = folder
        self._job_store = job_store
        self._control_store = control_store
        self._reader = reader
        self._num_links = 0
        self._worker = LeasedWorker(
            "Removing old console logs",
            self._look,
            interval_s=_INTERVAL_S,
            lease=None,
            delay_s=_FIRST_DELAY_S,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._worker.running():
            yield

    def on_opened(self) -> None:
        """A run has connected, which may make one more file."""
        self._num_links += 1
        if self._num_links % _LINKS_PER_LOOK == 0:
            self._worker.wake()

    async def _look(self) -> None:
        await in_database(self.remove_outdated)

    def remove_outdated(self) -> None:
        """Blocking. A run with a live link keeps its file, unless the run is deleted."""
        found = dict(_logs_in(self._folder))
        for run_id in self._job_store.jobs_among(found):
            del found[run_id]
        existing = self._existing(list(found))
        now_ms = unix_ms()
        connected = {
            state.run_id for state in self._control_store.linked() if not state.is_silent(now_ms)
        }
        order = sorted(found, key=lambda it: (it not in connected, -found[it].st_mtime_ns))
        num_kept = total_bytes = 0
        for run_id in order:
            size = found[run_id].st_size
            is_within = num_kept < MAX_FILES and total_bytes + size <= MAX_TOTAL_BYTES
            if run_id in existing and (is_within or run_id in connected):
                num_kept += 1
                total_bytes += size
            else:
                with suppress(OSError):
                    (self._folder / f"{run_id}.log").unlink()

    def _existing(self, run_ids: list[str]) -> set[str]:
        """Those of the runs that MLflow has in any workspace, deleted or not."""
        existing: set[str] = set()
        for workspace in all_workspaces() if run_ids else ():
            with within(workspace):
                existing |= self._reader.states(run_ids, ()).keys()
        return existing


def _logs_in(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            run_id, _, suffix = entry.name.partition(".")
            if suffix == "log" and len(run_id) == _RUN_ID_CHARS and _HEXADECIMAL.issuperset(run_id):
                with suppress(FileNotFoundError):
                    yield run_id, entry.stat(follow_symlinks=False)
