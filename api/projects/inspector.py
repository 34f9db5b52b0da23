"""Inspects uploads in a process of their own, with limits of memory and time."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from api.errors import (
    ApiError,
    FileTooLargeError,
    FileTypeError,
    UnprocessableError,
)
from api.location import own_environment
from api.projects.inspection import Inspection
from api.storage.full_disk import disk_full

DEADLINE_S = 300.0
MAX_ACTIVE = 2
"""In one process of the server: each may take gigabytes. Further ones wait."""
MAX_ANSWER_BYTES = 8 * 1024 * 1024
_INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV"),
    "FOVEA_TABLE_MEMORY_BYTES",
)
_END_S = 10.0


class Inspector:
    """Runs `python -m training.tables.inspect`; no cell of a table passes through this process's log."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._active = asyncio.Semaphore(MAX_ACTIVE)

    async def inspect(
        self,
        upload: Path,
        description: str,
        answers: Mapping[str, str],
        *,
        group: str | None = None,
        date: str | None = None,
    ) -> Inspection:
        """What the upload is, and what has to be asked next.

        Raises UnprocessableError, FileTypeError or FileTooLargeError for what is wrong with it.
        """
        words = [f"--description={description}", f"--answers={json.dumps(dict(answers))}"]
        words += [f"--group={group}"] if group else []
        words += [f"--date={date}"] if date else []
        found = await self._run(str(upload), *words)
        try:
            return Inspection.model_validate(found)
        except ValidationError:
            raise _failed() from None

    async def unpack(self, upload: Path, target: Path) -> None:
        """Unpack the images of an archive into the new folder `target`. Raises as `inspect` does."""
        await self._run(str(upload), f"--unpack={target}")

    async def join(self, tables: Mapping[str, Path], target: Path) -> None:
        """Join tables of an archive, by mission, into the new file `target`. Raises as `inspect` does."""
        pairs = (f"{mission}={path}" for mission, path in tables.items())
        await self._run(str(target), "--join", *pairs)

    async def _run(self, *words: str) -> Mapping[str, Any]:
        async with self._active:
            output = await self._output(words)
        try:
            answer: Mapping[str, Any] = json.loads(output)
        except ValueError:
            raise _failed() from None
        if "error" in answer:
            raise _refusal(answer["error"]["code"], answer["error"]["message"])
        return answer

    async def _output(self, words: Sequence[str]) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "training.tables.inspect", *words),
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # Its readers of workbooks are in the same group, and end with it.
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(self._deadline_s):
                output = await process.stdout.read(MAX_ANSWER_BYTES + 1)
                while len(output) <= MAX_ANSWER_BYTES and (
                    more := await process.stdout.read(65536)
                ):
                    output += more
                if len(output) > MAX_ANSWER_BYTES or await process.wait() != 0:
                    raise _failed()
                return output
        except TimeoutError:
            raise UnprocessableError(
                f"The file could not be inspected within {self._deadline_s:.0f} s: upload fewer "
                "rows or columns, or Parquet"
            ) from None
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_S):
            await asyncio.shield(process.wait())


def _environment() -> dict[str, str]:
    """Without the settings and credentials of this process, which an inspection does not need."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**own_environment(inherited), "OMP_NUM_THREADS": "1"}


def _refusal(code: str, message: str) -> ApiError:
    match code:
        case "FILE_TOO_LARGE":
            return FileTooLargeError(message)
        case "INVALID_FILE_TYPE":
            return FileTypeError(message)
        case "STORAGE_FULL":
            return disk_full()
    return UnprocessableError(message)


def _failed() -> UnprocessableError:
    return UnprocessableError(
        "The file could not be inspected: it is damaged, or needs more memory than the limit "
        "allows. Save it as CSV or Parquet and upload it again"
    )
