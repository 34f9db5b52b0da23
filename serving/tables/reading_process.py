"""Reads the table of one file within limits, and writes it as Arrow.

    python -m serving.tables.reading_process PARENT_PID '{"path": …, "written": …, "sheet": …, "limits": …}'

`reading.py` starts it. It writes one JSON document to stdout: what is known of the file, the names of
the sheets to choose from, or an error with its code.
"""

import json
import resource
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from serving.images.confinement import OrphanedError, end_with_parent
from training.tables.errors import TableError
from training.tables.limits import TableLimits
from training.tables.printable import name_list
from training.tables.question import Question
from training.tables.reader import ReadTable, read_table

_OVERHEAD_BYTES = 2 * 2**30
"""Address space of Python and its libraries."""
_COPIES = 3
"""The file, its cells as they are read, and the columns."""
_NUM_SHEETS_SHOWN = 20


def main() -> int:
    """Answer the request in the last argument."""
    request = json.loads(sys.argv[2])
    limits = TableLimits(**request["limits"])
    try:
        end_with_parent(int(sys.argv[1]))
    except OrphanedError:
        return 1
    _limit_process(limits, request["timeout_s"])
    json.dump(_answer(request, limits), sys.stdout)
    return 0


def _answer(request: Mapping[str, Any], limits: TableLimits) -> Mapping[str, Any]:
    try:
        read = read_table(Path(request["path"]), limits=limits, sheet=request["sheet"])
    except TableError as error:
        return {"error": str(error), "code": error.code}
    if isinstance(read, Question):
        return {"options": name_list(list(read.options), _NUM_SHEETS_SHOWN)}
    with (
        pa.OSFile(request["written"], "wb") as file,
        pa.ipc.new_file(file, read.table.schema) as stream,
    ):
        stream.write_table(read.table)
    return _description(read)


def _description(read: ReadTable) -> Mapping[str, Any]:
    return {
        "file_type": read.file_type,
        "text_format": None if read.text_format is None else asdict(read.text_format),
        "sheet": read.sheet,
        "notes": read.notes,
    }


def _limit_process(limits: TableLimits, timeout_s: float) -> None:
    for kind, value in (
        (resource.RLIMIT_AS, _COPIES * limits.max_memory_bytes + _OVERHEAD_BYTES),
        (resource.RLIMIT_CPU, int(timeout_s) + 1),
        (resource.RLIMIT_FSIZE, 2 * limits.max_memory_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):
            # macOS knows no limit of address space, and a lower limit may be set already.
            continue


if __name__ == "__main__":
    sys.exit(main())
