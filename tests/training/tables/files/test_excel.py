"""A sheet of a workbook becomes a table, in a process that hostile workbooks cannot leave."""

import zipfile
from datetime import date
from pathlib import Path

import pytest

from tests.training.tables.workbooks import sheet_rows, write_ods, write_raw_xlsx, write_xlsx
from training.tables.errors import TableError, TableErrorCode
from training.tables.files.excel import check_workbook_archive
from training.tables.files.sheet_table import sheet_table
from training.tables.limits import TableLimits
from training.tables.question import Question
from training.tables.reader import ReadTable, read_table


def read(path: Path, sheet: str | None = None) -> ReadTable:
    table = read_table(path, sheet=sheet)
    assert isinstance(table, ReadTable)
    return table


def test_types_of_cells_are_kept_and_formula_errors_are_missing(tmp_path: Path) -> None:
    rows = [
        ["id", "day", "size", "flag", "mixed"],
        [1, date(2020, 2, 29), 1.5, True, 1],
        [2, None, "#DIV/0!", False, "x"],
    ]
    found = read(write_xlsx(tmp_path / "a", {"One": rows, "Empty": []}))
    assert found.sheet == "One"
    assert found.table.to_pydict() == {
        "id": [1, 2],
        "day": [date(2020, 2, 29), None],
        "size": [1.5, None],
        "flag": [True, False],
        "mixed": ["1", "x"],
    }


def test_several_sheets_are_a_question(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a", {"One": [["a"], [1]], "Two": [["b"], [2], [3]]})
    question = read_table(path)
    assert isinstance(question, Question)
    assert (question.id, question.options) == ("sheet", ("One", "Two"))
    assert read(path, "Two").table.to_pydict() == {"b": [2, 3]}
    with pytest.raises(TableError, match="there is no 'Three'"):
        read_table(path, sheet="Three")


def test_a_spreadsheet_of_open_document_is_read(tmp_path: Path) -> None:
    found = read(write_ods(tmp_path / "a", [["a", "b"], [1, "x"], [2.5, "y"]]))
    assert found.table.to_pydict() == {"a": [1.0, 2.5], "b": ["x", "y"]}


def test_a_cell_far_away_does_not_end_this_process(tmp_path: Path) -> None:
    # The reader asks for 500 GB.
    far = sheet_rows([["a"], [1]]) + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises(TableError, match="damaged, or needs more memory"):
        read_table(write_raw_xlsx(tmp_path / "a", {"One": far}))


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = write_raw_xlsx(tmp_path / "a", {"One": "<row><c r='A1' t='q'"})
    with pytest.raises(TableError, match="damaged"):
        read_table(path)


def test_the_size_of_a_workbook_is_measured_not_believed(tmp_path: Path) -> None:
    rows = sheet_rows([["a"]]) + " " * (40 * 2**20)
    path = write_raw_xlsx(tmp_path / "a", {"One": rows})
    with pytest.raises(TableError, match="200 times its size") as refused:
        check_workbook_archive(path, TableLimits())
    assert refused.value.code is TableErrorCode.FILE_TOO_LARGE

    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    path.write_bytes(bytes(content).replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(TableError, match="damaged"):
        check_workbook_archive(path, TableLimits())


def test_titles_empty_rows_and_empty_columns_are_left_out() -> None:
    cells = [
        ["Study of 2020", "", "", ""],
        ["", "", "", ""],
        ["name", "", 2021.0, ""],
        ["a", "", 1.0, ""],
        ["", "", "", ""],
        ["b", "", "", "x"],
    ]
    table, notes = sheet_table(cells, TableLimits())
    assert table.to_pydict() == {"name": ["a", "b"], "2021": [1, None], "column_3": [None, "x"]}
    assert "1 rows with a single cell" in notes[0]
    assert "2 empty rows" in notes[1]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([], "the sheet is empty"),
        ([["", ""]], "the sheet is empty"),
        ([["a", "b"]], "only the header"),
        ([["a", "a"], [1, 2]], "more than once"),
        ([["a"], ["x" * 30]], "more than 20 characters"),
        ([["a"], [1], [2], [3]], "more than 2 rows"),
    ],
)
def test_a_sheet_without_a_table_is_refused(cells: list[list[str | int]], reason: str) -> None:
    with pytest.raises(TableError, match=reason):
        sheet_table(cells, TableLimits(max_cell_chars=20, max_rows=2))
