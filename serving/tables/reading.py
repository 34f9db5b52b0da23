"""Reads the table of an uploaded file in a process of its own, which a hostile file can end without harm."""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from serving.errors import Reason, ServingError
from serving.server.deadline import Deadline
from serving.settings import ServingSettings
from training.tables.errors import TableError, TableErrorCode
from training.tables.file_type import FileType
from training.tables.files.child_environment import child_environment
from training.tables.files.text_format import Dialect, TextFormat
from training.tables.limits import TableLimits
from training.tables.reader import ReadTable

DAMAGED = (
    "The file is damaged, or needs more memory or time than the limits for a table allow: save it as "
    "CSV, or send it in parts."
)
_REASONS = {
    TableErrorCode.VALIDATION_ERROR: Reason.ROWS_INVALID,
    TableErrorCode.FILE_TOO_LARGE: Reason.REQUEST_TOO_LARGE,
    TableErrorCode.INVALID_FILE_TYPE: Reason.FILE_UNSUPPORTED,
}


@dataclass(frozen=True, kw_only=True)
class ReadingLimits:
    """Of one file: its table, and the seconds in which the process must have read it."""

    table: TableLimits
    timeout_s: float

    @classmethod
    def of(cls, settings: ServingSettings) -> "ReadingLimits":
        table = TableLimits(
            max_memory_bytes=settings.max_table_bytes, max_rows=settings.max_file_rows
        )
        return cls(table=table, timeout_s=settings.table_read_timeout_s)


@asynccontextmanager
async def table_of(
    path: Path, sheet: str, limits: ReadingLimits, deadline: Deadline
) -> AsyncIterator[ReadTable]:
    """The table in the file at `path`, mapped from a file beside it while inside.

    Raises ServingError ROWS_INVALID, FILE_UNSUPPORTED, REQUEST_TOO_LARGE, REQUEST_INVALID if the
    sheet is not named, or DEADLINE_EXCEEDED.
    """
    written = path.with_name(uuid.uuid4().hex)
    request = {
        "path": str(path),
        "written": str(written),
        "sheet": sheet or None,
        "limits": asdict(limits.table),
        "timeout_s": limits.timeout_s,
    }
    try:
        answer = await _run(request, limits.timeout_s, deadline)
        if "error" in answer:
            raise rows_error(TableError(answer["error"], TableErrorCode(answer["code"])))
        if "options" in answer:
            raise ServingError(
                Reason.REQUEST_INVALID,
                f"sheet: the name of one of the sheets was expected, out of {answer['options']}.",
            )
        with pa.memory_map(str(written)) as mapped, pa.ipc.open_file(mapped) as file:
            yield _read_table(file.read_all(), answer)
    finally:
        written.unlink(missing_ok=True)


def rows_error(error: TableError) -> ServingError:
    """The refusal of a table or of rows, in the words of the error."""
    return ServingError(_REASONS[error.code], str(error))


def _read_table(table: pa.Table, answer: dict[str, Any]) -> ReadTable:
    text = answer["text_format"]
    if text is not None:
        text["dialect"] = Dialect(**text["dialect"])
        text["notes"] = tuple(text["notes"])
    return ReadTable(
        table=table,
        file_type=FileType(answer["file_type"]),
        text_format=None if text is None else TextFormat(**text),
        sheet=answer["sheet"],
        notes=tuple(answer["notes"]),
    )


async def _run(request: dict[str, Any], timeout_s: float, deadline: Deadline) -> dict[str, Any]:
    """The answer of `reading_process`, which is killed once nobody waits for it."""
    async with deadline.enforced():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "serving.tables.reading_process", str(os.getpid())),
            json.dumps(request),
            env=child_environment(os.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(timeout_s):
                output, _ = await process.communicate()
        except TimeoutError:
            raise ServingError(Reason.ROWS_INVALID, DAMAGED) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0:
        raise ServingError(Reason.ROWS_INVALID, DAMAGED)
    answer: dict[str, Any] = json.loads(output)
    return answer
