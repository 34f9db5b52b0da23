"""The table of a file is read in a process of its own, which ends with its caller and leaves nothing."""

from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from serving.errors import Reason, ServingError
from serving.server.deadline import Deadline
from serving.tables.reading import ReadingLimits, table_of
from tests.training.tables.workbooks import write_xlsx
from tests.waiting import DEADLINE_S
from training.tables.limits import TableLimits
from training.tables.reader import ReadTable, read_table

pytestmark = pytest.mark.anyio

LIMITS = ReadingLimits(table=TableLimits(), timeout_s=DEADLINE_S)
SHEETS = {"stars": [["period"], [1.5]], "notes": [["text"], ["a"]]}


async def read(
    path: Path, sheet: str = "", limits: ReadingLimits = LIMITS, timeout_s: float = DEADLINE_S
) -> ReadTable:
    """The table, copied out of its file."""
    async with table_of(path, sheet, limits, Deadline.after(timeout_s)) as found:
        assert found.table.num_rows
        return ReadTable(
            table=pa.table(found.table.to_pydict()),
            file_type=found.file_type,
            text_format=found.text_format,
            sheet=found.sheet,
            notes=found.notes,
        )


def names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_a_file_is_read_as_in_this_process(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("# comment\nperiod;name\n1,5;a\n2,5;b\n")
    there, here = await read(path), read_table(path)
    assert isinstance(here, ReadTable)
    assert there.table.to_pydict() == here.table.to_pydict()
    assert there.text_format == here.text_format
    assert there.notes == here.notes
    assert names_in(tmp_path) == ["file"]


async def test_the_sheet_of_a_workbook_is_named(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "file", SHEETS)
    with pytest.raises(ServingError) as refused:
        await read(path)
    assert refused.value.reason is Reason.REQUEST_INVALID
    assert "'stars', 'notes'" in refused.value.message
    assert (await read(path, "stars")).table.column_names == ["period"]


async def test_nothing_is_left_once_the_deadline_has_passed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("period\n1\n")
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(ServingError) as late:
        await read(path, timeout_s=0.05)
    assert late.value.reason is Reason.DEADLINE_EXCEEDED
    assert set(psutil.Process().children(recursive=True)) == before
    assert names_in(tmp_path) == ["file"]


async def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("period\n1\n")
    with pytest.raises(ServingError) as refused:
        await read(path, limits=ReadingLimits(table=TableLimits(), timeout_s=0.05))
    assert refused.value.reason is Reason.ROWS_INVALID
    assert "save it as CSV" in refused.value.message
