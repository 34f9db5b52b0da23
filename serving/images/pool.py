"""Decodes files in processes of their own: a decoder that crashes or hangs costs one answer."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving.errors import Reason, ServingError
from serving.images.image import DecodedFile
from serving.images.kinds import suffix_of
from serving.images.limits import DecodeLimits
from serving.images.process import DecodeProcess, NotTakenError, ProcessEndedError, StartError
from serving.images.wire import Refused

_logger = logging.getLogger(__name__)

_FIRST_RESTART_DELAY_S, _LONGEST_RESTART_DELAY_S = 0.5, 30.0
_FILES_PER_PROCESS = 1000
"""A process is replaced after as many, so that a library that leaks memory does no harm."""

Task = Callable[[DecodeProcess], Awaitable[Any]]


@dataclass(frozen=True)
class _Job:
    task: Task
    answer: asyncio.Future[Any] = field(repr=False)


class DecodePool:
    """A few decode processes, started ahead, behind a bounded queue.

    Use it on one event loop: `await start()`, then `decode` from any task, then `await close()`.
    """

    def __init__(
        self,
        *,
        num_processes: int = 2,
        max_waiting: int = 64,
        limits: DecodeLimits | None = None,
    ) -> None:
        if num_processes < 1 or max_waiting < 1:
            raise ValueError("A decode pool needs at least one process and one place in its queue.")
        self.limits = limits or DecodeLimits()
        self._num_processes = num_processes
        self._queue: asyncio.Queue[_Job] = asyncio.Queue(max_waiting)
        self._processes: dict[int, DecodeProcess] = {}
        """By slot; a slot without a process waits for the next one to start."""
        self._slot_tasks: list[asyncio.Task[None]] = []
        """One for each slot: it serves files with the process of the slot, and replaces the process."""
        self._is_closed = False
        self.num_lost = 0
        """Processes that crashed, hung or were killed, and were replaced."""

    @property
    def num_waiting(self) -> int:
        return self._queue.qsize()

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the processes that are ready."""
        return tuple(process.pid for process in self._processes.values())

    async def start(self) -> None:
        """Wait until every process is ready. Raises StartError if one cannot be started."""
        starts = [
            asyncio.create_task(DecodeProcess.start(self.limits))
            for _ in range(self._num_processes)
        ]
        try:
            self._processes = dict(enumerate(await asyncio.gather(*starts)))
        except BaseException:
            for start in starts:
                start.cancel()
            results = await asyncio.gather(*starts, return_exceptions=True)
            started = [result for result in results if isinstance(result, DecodeProcess)]
            await asyncio.gather(*(process.end() for process in started))
            raise
        self._slot_tasks = [
            asyncio.create_task(self._serve(slot), name=f"decode process {slot}")
            for slot in self._processes
        ]

    async def close(self) -> None:
        """End the processes. Files that wait or are being decoded are answered SHUTTING_DOWN."""
        self._is_closed = True
        for task in self._slot_tasks:
            task.cancel()
        await asyncio.gather(*self._slot_tasks, return_exceptions=True)
        await asyncio.gather(*(process.end() for process in self._processes.values()))
        self._processes.clear()
        while not self._queue.empty():
            _fail(self._queue.get_nowait(), _shutting_down())

    async def decode(
        self, content: bytes | Path, *, file_name: str = "", timeout_s: float = 120.0
    ) -> DecodedFile:
        """The images of a file, given as its content or as the path of a temporary file.

        Only the ending of `file_name` is used, for formats without a mark. `timeout_s` includes the wait in
        the queue. Raises ServingError: IMAGE_UNREADABLE, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE,
        DECODER_CRASHED, DECODER_TOO_SLOW, QUEUE_FULL, DEADLINE_EXCEEDED, SHUTTING_DOWN.
        """
        suffix = suffix_of(file_name)
        self._require_file_size(content)
        decoded = await self._run(lambda process: process.decode(content, suffix), timeout_s)
        assert isinstance(decoded, DecodedFile)
        return decoded

    async def read_header(self, content: bytes | Path, *, timeout_s: float = 120.0) -> bytes:
        """The header of a DICOM file, with the patient's identifiers; see `serving.images.header`.

        Raises ServingError like `decode`.
        """
        self._require_file_size(content)
        header = await self._run(lambda process: process.read_header(content), timeout_s)
        assert isinstance(header, bytes)
        return header

    async def _run(self, task: Task, timeout_s: float) -> Any:
        if self._is_closed or not self._slot_tasks:
            raise _shutting_down()
        job = _Job(task, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(job)
        except asyncio.QueueFull:
            raise ServingError(
                Reason.QUEUE_FULL,
                f"{self._queue.maxsize} files already wait to be decoded. Try again later.",
            ) from None
        try:
            async with asyncio.timeout(timeout_s):
                result = await job.answer
        except TimeoutError:
            raise ServingError(
                Reason.DEADLINE_EXCEEDED, f"The file was not decoded within {timeout_s:g} s."
            ) from None
        if isinstance(result, Refused):
            raise ServingError(Reason(result.reason), result.message)
        return result

    def _require_file_size(self, content: bytes | Path) -> None:
        try:
            size = content.stat().st_size if isinstance(content, Path) else len(content)
        except OSError:
            raise ServingError(
                Reason.IMAGE_UNREADABLE, "The uploaded file is gone. Send it again."
            ) from None
        if size > self.limits.file_bytes:
            raise ServingError(
                Reason.IMAGE_TOO_LARGE,
                f"The file has {size:,} bytes; at most {self.limits.file_bytes:,} are accepted.",
            )

    async def _serve(self, slot: int) -> None:
        num_files = 0
        while True:
            job = await self._next_job(slot)
            try:
                if self._processes[slot].has_ended.is_set():
                    await self._replace(slot, is_lost=True)
                # The caller may have gone while the job waited.
                if job is not None and not job.answer.done():
                    num_files = num_files + 1 if await self._serve_job(slot, job) else 0
                    self._processes[slot].give_memory_back(is_idle=self._queue.empty())
            except BaseException:
                if job is not None:
                    _fail(job, _shutting_down())
                raise
            if num_files >= _FILES_PER_PROCESS:
                await self._replace(slot, is_lost=False)
                num_files = 0

    async def _next_job(self, slot: int) -> _Job | None:
        """The next file; None if the process of the slot ended while it waited for one."""
        job = asyncio.ensure_future(self._queue.get())
        ended = asyncio.ensure_future(self._processes[slot].has_ended.wait())
        try:
            await asyncio.wait({job, ended}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if job.done():
                _fail(job.result(), _shutting_down())
            raise
        finally:
            # A file stays in the queue if the `get` for it is cancelled.
            job.cancel()
            ended.cancel()
        return job.result() if job.done() else None

    async def _serve_job(self, slot: int, job: _Job) -> bool:
        """Whether the process goes on."""
        process = self._processes[slot]
        started_at = time.monotonic()
        try:
            async with asyncio.timeout(self.limits.timeout_s):
                result = await job.task(process)
        except NotTakenError:
            await self._replace(slot, is_lost=True)
            return job.answer.done() or await self._serve_job(slot, job)
        except TimeoutError:
            await self._give_up(slot, job, _too_slow(self.limits.timeout_s))
            return False
        except ProcessEndedError:
            # The system may have ended the process at its own deadline.
            is_late = time.monotonic() - started_at >= self.limits.timeout_s
            error = _too_slow(self.limits.timeout_s) if is_late else _crashed()
            await self._give_up(slot, job, error)
            return False
        except Exception as error:  # noqa: BLE001, such as a machine without memory
            _logger.error("A file could not be handed over: %s.", type(error).__name__)  # noqa: TRY400
            await self._give_up(slot, job, _crashed())
            return False
        if not job.answer.done():
            job.answer.set_result(result)
        return True

    async def _give_up(self, slot: int, job: _Job, error: ServingError) -> None:
        _fail(job, error)
        _logger.warning("A file was given up: %s", error.reason)
        await self._replace(slot, is_lost=True)

    async def _replace(self, slot: int, *, is_lost: bool) -> None:
        """End the process and start another; tries again until that succeeds."""
        if is_lost:
            self.num_lost += 1
        await self._processes.pop(slot).end()
        delay_s = _FIRST_RESTART_DELAY_S
        while slot not in self._processes:
            try:
                self._processes[slot] = await DecodeProcess.start(self.limits)
            except StartError as error:
                _logger.error("%s The next attempt follows in %g s.", error, delay_s)  # noqa: TRY400
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, _LONGEST_RESTART_DELAY_S)


def _fail(job: _Job, error: ServingError) -> None:
    with contextlib.suppress(asyncio.InvalidStateError):
        job.answer.set_exception(error)


def _crashed() -> ServingError:
    return ServingError(
        Reason.DECODER_CRASHED,
        "The decoder of this file ended unexpectedly. Export the image again, or send it as PNG.",
    )


def _too_slow(timeout_s: float) -> ServingError:
    return ServingError(
        Reason.DECODER_TOO_SLOW,
        f"The file could not be decoded within {timeout_s:g} s. Send a smaller one.",
    )


def _shutting_down() -> ServingError:
    return ServingError(Reason.SHUTTING_DOWN, "The service is shutting down. Try again later.")
