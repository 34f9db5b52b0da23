"""The service's side of one decode process: starts it, hands it a file, takes the pixels, ends it."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from threading import Thread

import msgspec

from serving.images.anonymous_file import AnonymousFile
from serving.images.image import DecodedFile, Laterality, Modality
from serving.images.limits import MEBIBYTE, DecodeLimits
from serving.images.wire import (
    MAX_LINE_BYTES,
    Answer,
    Decoded,
    Header,
    Job,
    Ready,
    Refused,
    Setup,
    Taken,
    Task,
    decode_answer,
    encode,
)

_START_TIMEOUT_S = 120.0
_KEPT_BYTES = 64 * MEBIBYTE
"""For the pixels of the next file: new memory for each costs more than handing them over."""
_PYTHON_PATH = Path(__file__).resolve().parents[2]
# Nothing else of the service's environment, such as its token, reaches a process that reads
# strangers' files.
_INHERITED_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "HOME", "SYSTEMROOT")
_OWN_VARIABLES = {
    "PYTHONSAFEPATH": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    # By default, glibc would give the memory of each image back, and take it again for the next.
    "MALLOC_MMAP_THRESHOLD_": str(32 * MEBIBYTE),
    "MALLOC_TRIM_THRESHOLD_": str(128 * MEBIBYTE),
    "MPLBACKEND": "agg",
}


class ProcessEndedError(Exception):
    """The decode process ended, or answered something else than expected."""


class NotTakenError(Exception):
    """The decode process ended before it took the file, which another one may still decode."""


class StartError(RuntimeError):
    """No decode process could be started."""


class DecodeProcess:
    """One process; it takes one file at a time."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        limits: DecodeLimits,
        files: tuple[AnonymousFile, AnonymousFile],
        connection: socket.socket,
    ) -> None:
        self._process = process
        self._limits = limits
        self._input, self._output = files
        self._connection = connection
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.has_ended = asyncio.Event()
        Thread(
            target=self._reap,
            args=(asyncio.get_running_loop(),),
            name=f"decode process {process.pid}",
            daemon=True,
        ).start()

    @classmethod
    async def start(cls, limits: DecodeLimits) -> "DecodeProcess":
        """A process that is ready for a file. Raises StartError if it does not become ready."""
        started = cls._launched(limits)
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                await started.set_up()
        except (ProcessEndedError, TimeoutError):
            await started.end()
            raise StartError(
                "A decode process did not start. Run `python -m serving.images.worker < /dev/null` "
                "to see why; its memory limit may be too low for its libraries."
            ) from None
        except BaseException:
            await started.end()
            raise
        return started

    @classmethod
    def _launched(cls, limits: DecodeLimits) -> "DecodeProcess":
        files = AnonymousFile(), AnonymousFile()
        service_socket, worker_socket = socket.socketpair()
        try:
            process = _spawn(files, worker_socket)
        except OSError as error:
            service_socket.close()
            _close(files)
            raise StartError(f"No decode process could be started: {error.strerror}.") from None
        finally:
            worker_socket.close()
        return cls(process, limits, files, service_socket)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def decode(self, content: bytes | Path, suffix: str) -> DecodedFile | Refused:
        """Raises ProcessEndedError, NotTakenError."""
        answer = await self._ask("decode", content, suffix)
        if isinstance(answer, Refused):
            return answer
        if not isinstance(answer, Decoded):
            raise ProcessEndedError
        return await self._decoded_file(answer)

    async def read_header(self, content: bytes | Path) -> bytes | Refused:
        """Raises ProcessEndedError, NotTakenError."""
        answer = await self._ask("header", content, "")
        if isinstance(answer, Refused):
            return answer
        if not isinstance(answer, Header) or answer.num_bytes > self._limits.header_bytes:
            raise ProcessEndedError
        try:
            return self._output.read(answer.num_bytes)
        except EOFError:
            raise ProcessEndedError from None
        finally:
            self._output.shrink(0)

    def give_memory_back(self, *, is_idle: bool) -> None:
        """Of the last file; unless the process `is_idle`, what the next pixels need is kept."""
        self._input.shrink(0)
        self._output.shrink(0 if is_idle else _KEPT_BYTES)

    async def end(self) -> None:
        """Kill the process, and wait until it is gone."""
        self._process.kill()
        try:
            await self.has_ended.wait()
        finally:
            if self._writer is not None:
                self._writer.close()
            self._connection.close()
            _close((self._input, self._output))

    def _reap(self, loop: asyncio.AbstractEventLoop) -> None:
        self._process.wait()
        # The loop may be closed: nobody waits then.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self.has_ended.set)

    async def set_up(self) -> None:
        """Wait until the process is ready. Raises ProcessEndedError."""
        self._connection.setblocking(False)
        self._reader, self._writer = await asyncio.open_connection(
            sock=self._connection, limit=MAX_LINE_BYTES
        )
        setup = Setup(
            parent_pid=os.getpid(),
            input_descriptor=self._input.descriptor,
            output_descriptor=self._output.descriptor,
            limits=asdict(self._limits),
        )
        await self._send(setup)
        if not isinstance(await self._read_answer(), Ready):
            raise ProcessEndedError

    async def _ask(self, task: Task, content: bytes | Path, suffix: str) -> Answer:
        if isinstance(content, Path):
            job = Job(task=task, suffix=suffix, path=str(content))
        else:
            await asyncio.to_thread(self._input.write, content)
            job = Job(task=task, suffix=suffix, num_bytes=len(content))
        try:
            await self._send(job)
            taken = await self._read_answer()
        except ProcessEndedError:
            raise NotTakenError from None
        if not isinstance(taken, Taken):
            raise ProcessEndedError
        return await self._read_answer()

    async def _send(self, message: msgspec.Struct) -> None:
        assert self._writer is not None
        try:
            self._writer.write(encode(message))
            await self._writer.drain()
        except OSError:
            raise ProcessEndedError from None

    async def _read_answer(self) -> Answer:
        assert self._reader is not None
        try:
            return decode_answer(await self._reader.readline())
        except (OSError, ValueError, msgspec.MsgspecError):
            raise ProcessEndedError from None

    async def _decoded_file(self, answer: Decoded) -> DecodedFile:
        num_pixels = answer.num_frames * answer.height * answer.width
        if not 0 < num_pixels <= self._limits.total_pixels:
            raise ProcessEndedError
        try:
            frames = await asyncio.to_thread(
                self._output.read_frames, answer.num_frames, answer.height, answer.width
            )
        except EOFError:
            raise ProcessEndedError from None
        return DecodedFile(
            frames=frames,
            format=answer.format,
            laterality=Laterality(answer.laterality) if answer.laterality else None,
            modality=Modality(answer.modality) if answer.modality else None,
            pixel_spacing_mm=answer.pixel_spacing_mm,
            notes=tuple(answer.notes),
        )


def _spawn(
    files: tuple[AnonymousFile, AnonymousFile], worker_socket: socket.socket
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "serving.images.worker"],
        stdin=worker_socket.fileno(),
        # Libraries quote values of the file in what they print.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[file.descriptor for file in files],
        env=_environment(os.environ),
    )


def _environment(base: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: base[name] for name in _INHERITED_VARIABLES if name in base}
    return {**inherited, **_OWN_VARIABLES, "PYTHONPATH": str(_PYTHON_PATH)}


def _close(files: tuple[AnonymousFile, AnonymousFile]) -> None:
    for file in files:
        file.close()
