"""Reads a sheet of an Excel workbook in a process of its own, which `excel.py` starts.

    python -m training.tables.files.excel_process '{"path": …, "sheet": …, "limits": …}'

A workbook of 2 KB can name a cell so far away that the reader asks for 500 GB and aborts. Here,
that ends only this process. It writes one line of JSON to stdout, then the table as an Arrow
stream if there is one.
"""

import json
import resource
import sys
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import python_calamine

from training.tables.errors import TableError
from training.tables.files.sheet_table import sheet_table
from training.tables.limits import TableLimits
from training.tables.printable import printable

_OVERHEAD_BYTES = 2 * 2**30
"""Address space of Python and its libraries."""
_COPIES = 3
"""The cells as read, as Python values and as columns."""


def main() -> None:
    """Answer the request in the first argument."""
    request = json.loads(sys.argv[1])
    limits = TableLimits(**request["limits"])
    _limit_process(limits)
    try:
        answer, table = _read(request["path"], request["sheet"], limits)
    except TableError as error:
        answer, table = {"error": str(error), "code": error.code}, None
    except python_calamine.PasswordError:
        answer, table = {"error": "The workbook has a password. Save it without one."}, None
    except (python_calamine.CalamineError, OSError, ValueError, OverflowError):
        answer, table = {"error": "The workbook is damaged. Save it again."}, None
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    if table is not None:
        with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
            stream.write_table(table)
    sys.stdout.flush()


def _limit_process(limits: TableLimits) -> None:
    max_bytes = _COPIES * limits.max_memory_bytes + _OVERHEAD_BYTES
    for kind, value in (
        (resource.RLIMIT_AS, max_bytes),
        (resource.RLIMIT_CPU, limits.max_excel_seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):
            # macOS knows no limit of address space, and a lower limit may be set already.
            continue


def _read(
    path: str, sheet: str | None, limits: TableLimits
) -> tuple[Mapping[str, Any], pa.Table | None]:
    with python_calamine.load_workbook(path) as workbook:
        names = _table_names(workbook)
        if sheet is not None and sheet not in workbook.sheet_names:
            raise TableError(
                f"Expected the name of a sheet with cells, but there is no '{printable(sheet)}'."
            )
        if sheet is None and len(names) > 1:
            return {"sheets": names}, None
        if sheet is None and not names:
            raise TableError("Expected a table, but all visible sheets are empty.")
        chosen = names[0] if sheet is None else sheet
        cells = workbook.get_sheet_by_name(chosen).to_python()
    table, notes = sheet_table(cells, limits)
    return {"sheet": chosen, "notes": notes}, table


def _table_names(workbook: python_calamine.CalamineWorkbook) -> list[str]:
    """The visible sheets that have cells."""
    return [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        and sheet.visible == python_calamine.SheetVisibleEnum.Visible
        and workbook.get_sheet_by_name(sheet.name).height > 0
    ]


if __name__ == "__main__":
    main()
