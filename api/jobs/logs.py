"""What jobs print: followed live, kept in a file while they run, and stored with the run in the end."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from websockets.exceptions import WebSocketException

from api.background import cancel, in_background
from api.bus.protocol import Bus
from api.jobs.ray_jobs import RayError, RayJobs
from api.jobs.store import Job
from api.timestamps import unix_ms
from tracking_plugin.events import LogLines

logger = logging.getLogger(__name__)

LARGEST_FILE_BYTES = 64 * 1024 * 1024
LONGEST_LINE = 2000
LINES_AN_EVENT = 100
MOST_LINES_A_SECOND = 500
"""Told live; the file has all."""

_GATHER_S = 0.2
_MOST_PENDING = 10_000
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 15.0
_LAST_LINES_S = 10.0


def log_artifact(kind: str) -> str:
    """Artifact path of the log of a job of that kind."""
    return f"logs/{kind}.log"


Store = Callable[[Job, Path], Awaitable[None]]


class JobLogs:
    """`store` puts a finished log where the run's artifacts are."""

    def __init__(self, folder: Path, bus: Bus, store: Store) -> None:
        self._folder = folder
        self._bus = bus
        self._store = store
        self._following: dict[str, asyncio.Task[None]] = {}

    def follow(self, job: Job, cluster: RayJobs) -> None:
        """Begin to follow the job's present attempt, unless that has begun already."""
        assert job.submission_id is not None
        if job.submission_id not in self._following:
            follow = self._follow(job, job.submission_id, cluster)
            self._following[job.submission_id] = asyncio.create_task(follow)

    async def finish(self, job: Job) -> None:
        """Wait a moment for the last lines, and store the log with the run."""
        task = self._following.pop(job.submission_id or "", None)
        if task is not None:
            await asyncio.wait((task,), timeout=_LAST_LINES_S)
            await cancel(task)
        if self._file(job.run_id).is_file():
            try:
                await self._store(job, self._file(job.run_id))
            except Exception as error:  # noqa: BLE001 - whatever the artifact store says, the run has ended
                logger.warning(
                    "The log of run %s is not stored (%s)", job.run_id, type(error).__name__
                )

    async def tail(self, run_id: str, limit: int) -> list[str]:
        """The newest lines that are at hand here, oldest first."""
        return await asyncio.to_thread(self._tail, run_id, limit)

    async def close(self) -> None:
        await cancel(*self._following.values())
        self._following.clear()

    async def _follow(self, job: Job, submission_id: str, cluster: RayJobs) -> None:
        """Each line once: a connection that is made anew begins with those that are known."""
        num_known = 0
        pause_s = _FIRST_PAUSE_S
        is_first = True
        while True:
            num_seen = 0
            try:
                async for lines in _gathered(_lines(cluster.follow_logs(submission_id))):
                    new = lines[max(0, num_known - num_seen) :]
                    num_seen += len(lines)
                    num_known = max(num_known, num_seen)
                    await self._take(job, new, is_first=is_first)
                    is_first = is_first and not new
                    pause_s = _FIRST_PAUSE_S
            except (OSError, TimeoutError, WebSocketException, RayError) as error:
                logger.debug("The log of job %s broke off: %s", submission_id, error)
            else:
                return
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _take(self, job: Job, lines: list[str], *, is_first: bool) -> None:
        if not lines:
            return
        cut = [line[:LONGEST_LINE] for line in lines]
        await asyncio.to_thread(self._append, job, cut, is_first=is_first)
        told = cut[-int(MOST_LINES_A_SECOND * _GATHER_S) :]
        if left_out := len(cut) - len(told):
            told = [f"… {left_out} lines are in the log alone", *told]
        for start in range(0, len(told), LINES_AN_EVENT):
            self._bus.publish(
                LogLines(
                    run_id=job.run_id,
                    accepted_ms=unix_ms(),
                    workspace=job.workspace,
                    lines=told[start : start + LINES_AN_EVENT],
                )
            )

    def _append(self, job: Job, lines: list[str], *, is_first: bool) -> None:
        path = self._file(job.run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_first and job.attempt > 1:
            lines = [f"--- attempt {job.attempt} ---", *lines]
        if path.is_file() and path.stat().st_size > LARGEST_FILE_BYTES:
            return
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.writelines(f"{line}\n" for line in lines)

    def _tail(self, run_id: str, limit: int) -> list[str]:
        path = self._file(run_id)
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=limit)]

    def _file(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.log"


async def _lines(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """Whole lines out of pieces of any length."""
    rest = ""
    async for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        for line in whole:
            yield line.rstrip("\r")
        if len(rest) > LONGEST_LINE:
            yield rest
            rest = ""
    if rest:
        yield rest


async def _gathered(lines: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    """What comes within a moment, together: a training that prints much is no flood of events."""
    pending: list[str] = []
    taken = asyncio.Event()

    async def fill() -> None:
        async for line in lines:
            pending.append(line)
            if len(pending) > _MOST_PENDING:
                await taken.wait()
            taken.clear()

    async with in_background(fill()) as (filling,):
        while pending or not filling.done():
            await asyncio.wait((filling,), timeout=_GATHER_S)
            if pending:
                gathered, pending[:] = pending[:], []
                taken.set()
                yield gathered
        filling.result()
