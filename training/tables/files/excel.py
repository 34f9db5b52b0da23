"""Reads a sheet of an Excel or OpenDocument workbook, in a process with limits."""

import json
import os
import subprocess
import sys
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from training.tables.errors import TableError, TableErrorCode
from training.tables.files.child_environment import child_environment
from training.tables.files.zip_directory import check_inflated
from training.tables.limits import TableLimits
from training.tables.question import Question

_BLOCK_BYTES = 2**20
_MAX_SHEETS = 200
"""That a question offers."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The table in one sheet; `notes` say what was left out."""

    name: str
    table: pa.Table
    notes: tuple[str, ...]


def read_sheet(path: Path, sheet: str | None, limits: TableLimits) -> Sheet | Question:
    """The table in the sheet of that name, or in the only sheet that has cells.

    A question with the id `sheet` if several visible sheets have cells and `sheet` is None.
    Raises TableError if the workbook is damaged, has no such sheet, or exceeds a limit.
    """
    output = _run_reader(path, sheet, limits)
    line, _, stream = output.partition(b"\n")
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise TableError(answer["error"], TableErrorCode(answer.get("code", "VALIDATION_ERROR")))
    if "sheets" in answer:
        return Question(
            id="sheet",
            text="The workbook has several sheets. Which one has the table?",
            options=tuple(answer["sheets"][:_MAX_SHEETS]),
        )
    with pa.ipc.open_stream(stream) as reader:
        table = reader.read_all()
    return Sheet(name=answer["sheet"], table=table, notes=tuple(answer["notes"]))


def check_workbook_archive(path: Path, limits: TableLimits) -> None:
    """Unpacks a workbook that is a ZIP archive without keeping it, to learn its true size.

    The sizes in the archive's directory can be false. Raises TableError if the archive is damaged
    or unpacks to more than the limits allow.
    """
    size_bytes = path.stat().st_size
    num_inflated = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                with archive.open(entry) as file:
                    while block := file.read(_BLOCK_BYTES):
                        num_inflated += len(block)
                        check_inflated(num_inflated, size_bytes, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise _damaged() from None


def _run_reader(path: Path, sheet: str | None, limits: TableLimits) -> bytes:
    request = {"path": str(path.absolute()), "sheet": sheet, "limits": asdict(limits)}
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "training.tables.files.excel_process", json.dumps(request)],
            env=child_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=3 * limits.max_excel_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _damaged() from None
    if finished.returncode != 0 or b"\n" not in finished.stdout:
        raise _damaged()
    return finished.stdout


def _damaged() -> TableError:
    return TableError(
        "The workbook is damaged, or needs more memory or time than the limits for a table "
        "allow. Save the sheet as CSV."
    )
