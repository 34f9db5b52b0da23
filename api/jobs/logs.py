"""The output of jobs: followed live, kept in a file while they run, and stored with the run at the end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from websockets.exceptions import WebSocketException

from api.background import cancel, in_background
from api.bus.protocol import Bus
from api.jobs.log_file import LogFile
from api.jobs.ray_jobs import RayJobs
from api.jobs.store import Job
from api.timestamps import unix_ms
from tracking_plugin.events import LogLines
from tracking_plugin.private_files import UnsafeFileError
from tracking_plugin.ray_job_api import RayError

logger = logging.getLogger(__name__)

MAX_LINE_CHARS = 2000
"""Longer lines are continued on the next one."""
LINES_PER_EVENT = 100
MAX_LINES_PER_S = 500
"""The limit of what is published live; the file has all lines."""

_BATCH_S = 0.2
_MAX_PENDING_LINES = 10_000
_FIRST_RETRY_DELAY_S = 1.0
_MAX_RETRY_DELAY_S = 15.0
_LAST_LINES_TIMEOUT_S = 10.0


def log_artifact(kind: str) -> str:
    """Artifact path of the log of a job of that kind."""
    return f"logs/{kind}.log"


Store = Callable[[Job, Path], Awaitable[None]]


class JobLogs:
    """`store` uploads a finished log to the artifacts of its run."""

    def __init__(self, folder: Path, bus: Bus, store: Store) -> None:
        self._folder = folder
        self._bus = bus
        self._store = store
        self._following: dict[str, asyncio.Task[None]] = {}

    def follow(self, job: Job, cluster: RayJobs) -> None:
        """Follow the output of the job's current attempt, unless it is followed already."""
        assert job.submission_id is not None
        if job.submission_id not in self._following:
            follow = self._follow(job, job.submission_id, cluster)
            self._following[job.submission_id] = asyncio.create_task(follow)

    async def finish(self, job: Job) -> None:
        """Wait shortly for the last lines, then store the log with the run."""
        task = self._following.pop(job.submission_id or "", None)
        if task is not None:
            await asyncio.wait((task,), timeout=_LAST_LINES_TIMEOUT_S)
            await cancel(task)
        try:
            if await asyncio.to_thread(self._file(job).require_safe):
                await self._store(job, self._path(job.run_id))
        except Exception as error:  # noqa: BLE001 - an artifact store may raise anything, and the run has ended
            logger.warning("The log of run %s is not stored (%s)", job.run_id, type(error).__name__)

    async def remove(self, run_id: str) -> None:
        """Remove the file of this server; the run's artifacts keep the log."""
        await asyncio.to_thread(self._path(run_id).unlink, missing_ok=True)

    async def has(self, run_id: str) -> bool:
        """Whether this server has lines of an existing run."""
        return await asyncio.to_thread(LogFile(self._path(run_id)).exists)

    async def tail(self, run_id: str, limit: int) -> list[str]:
        """The newest lines in the file of this server, oldest first."""
        try:
            return await asyncio.to_thread(LogFile(self._path(run_id)).tail, limit)
        except OSError as error:
            logger.warning("The log of run %s cannot be read: %s", run_id, error)
            return []

    async def close(self) -> None:
        await cancel(*self._following.values())
        self._following.clear()

    async def _follow(self, job: Job, submission_id: str, cluster: RayJobs) -> None:
        """Publish each line once, although each connection sends all lines from the beginning.

        An earlier process of the server may have published those that are in the file.
        """
        try:
            num_in_file = await asyncio.to_thread(self._file(job).num_lines, job.attempt)
            await self._follow_from(job, submission_id, cluster, num_in_file)
        except UnsafeFileError as error:
            logger.warning("The log of run %s is not kept: %s", job.run_id, error)

    async def _follow_from(
        self, job: Job, submission_id: str, cluster: RayJobs, num_in_file: int | None
    ) -> None:
        num_known = num_in_file or 0
        is_first = num_in_file is None
        delay_s = _FIRST_RETRY_DELAY_S
        while True:
            num_received = 0
            try:
                async for lines in _batched(_lines(cluster.follow_logs(submission_id))):
                    new = lines[max(0, num_known - num_received) :]
                    num_received += len(lines)
                    await self._append_and_publish(job, new, is_first=is_first)
                    num_known = max(num_known, num_received)
                    is_first = is_first and not new
                    delay_s = _FIRST_RETRY_DELAY_S
            except UnsafeFileError:
                raise
            except (OSError, TimeoutError, WebSocketException, RayError) as error:
                logger.debug("The connection to the log of job %s broke: %s", submission_id, error)
            else:
                return
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, _MAX_RETRY_DELAY_S)

    async def _append_and_publish(self, job: Job, lines: list[str], *, is_first: bool) -> None:
        if not lines:
            return
        await asyncio.to_thread(self._append, job, lines, is_first=is_first)
        published = lines[-int(MAX_LINES_PER_S * _BATCH_S) :]
        if left_out := len(lines) - len(published):
            published = [f"… {left_out} lines are in the log alone", *published]
        for start in range(0, len(published), LINES_PER_EVENT):
            self._bus.publish(
                LogLines(
                    run_id=job.run_id,
                    accepted_ms=unix_ms(),
                    workspace=job.workspace,
                    lines=published[start : start + LINES_PER_EVENT],
                )
            )

    def _append(self, job: Job, lines: list[str], *, is_first: bool) -> None:
        file = self._file(job)
        if is_first:
            file.begin(job.attempt)
        file.append(lines)

    def _file(self, job: Job) -> LogFile:
        return LogFile(self._path(job.run_id))

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.log"


async def _lines(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """The same lines, none longer than MAX_LINE_CHARS, however the text is divided into pieces."""
    rest = ""
    async for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        for line in whole:
            for part in _parts(line.rstrip("\r")):
                yield part
        while len(rest) > MAX_LINE_CHARS:
            yield rest[:MAX_LINE_CHARS]
            rest = rest[MAX_LINE_CHARS:]
    if rest:
        yield rest


def _parts(line: str) -> list[str]:
    starts = range(0, max(1, len(line)), MAX_LINE_CHARS)
    return [line[start : start + MAX_LINE_CHARS] for start in starts]


async def _batched(lines: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    """The lines of each _BATCH_S as one list, so that much output makes few events."""
    pending: list[str] = []
    is_drained = asyncio.Event()

    async def fill() -> None:
        async for line in lines:
            pending.append(line)
            if len(pending) > _MAX_PENDING_LINES:
                await is_drained.wait()
            is_drained.clear()

    async with in_background(fill()) as (filling,):
        while pending or not filling.done():
            await asyncio.wait((filling,), timeout=_BATCH_S)
            if pending:
                batch, pending[:] = pending[:], []
                is_drained.set()
                yield batch
        filling.result()
