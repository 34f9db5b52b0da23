"""Delimited text is read strictly: every fault is named with its line."""

from pathlib import Path

import pytest

from tests.training.tables.reading import read, refusal
from training.tables.errors import TableErrorCode
from training.tables.limits import TableLimits


def test_all_cells_are_text_as_written(tmp_path: Path) -> None:
    table = read(tmp_path, 'id, note ,x\r\n007," a ""b""\r\n c",\r\n\r\n8,NA,1e3').table
    assert table.to_pydict() == {
        "id": ["007", "8"],
        "note": [' a "b"\r\n c', "NA"],
        "x": ["", "1e3"],
    }


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(tmp_path: Path, end: str) -> None:
    assert read(tmp_path, f"a,b{end}1,2{end}3,4").table.num_rows == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a,b\n1,2\n3\n", "Line 3: expected 2 fields, as in the header, but found 1"),
        ("a,b\n1,2\n3,4,5\n", "Line 3: expected 2 fields, as in the header, but found 3"),
        ('a,b\n1,"x\ny"\n3\n', "Line 4: expected 2 fields"),
        ("# c\n# c\na,b\n3\n", "Line 4: expected 2 fields"),
        ("a,b\n1,2\n3,\0\n", "line 3 has a NUL byte"),
        ('a,b\n1,2\n3,"x\n4,5\n', "quote opened in line 3 is never closed"),
        ('a,b\n1,"x\ny","z\n4,5\n', "quote opened in line 3 is never closed"),
        ('a,b\n1,"x""\n,""\n4,5\n', "quote opened in line 2 is never closed"),
        ('a,b\n1,"x"y\n', "Line 2: expected a delimiter or the end of the line"),
        ("a,b,a\n1,2,3\n", "'a' stand more than once (the first in columns 1, 3)"),
        ("a, a\n1,2\n", "'a' stand more than once"),
        ("a,b\n", "only the header"),
        ("a,b\n\n\n", "only the header"),
        ("# only\n# comments\n", "no header and no rows"),
        (",,\n1,2,3\n", "names of the columns in the first line"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, content: str, reason: str) -> None:
    assert reason in refusal(tmp_path, content)


def test_an_open_quote_in_a_long_file_is_named_by_the_line_where_it_opens(tmp_path: Path) -> None:
    content = "a,b\n1,2\n" + '1,"x\n' + "3,4\n" * 50_000
    message = refusal(tmp_path, content, code=TableErrorCode.FILE_TOO_LARGE)
    assert "Line 3 has a cell of more than" in message
    assert "closing quote missing" in message


def test_columns_without_a_name_get_one(tmp_path: Path) -> None:
    table = read(tmp_path, "a,,column_4,\n1,2,3,4\n")
    assert table.table.column_names == ["a", "column_2", "column_4", "column_4_"]
    assert "'column_2', 'column_4_'" in table.notes[0]


def test_a_header_of_numbers_is_noted(tmp_path: Path) -> None:
    assert "it has only numbers" in read(tmp_path, "1,2.5\n3,4\n").notes[0]
    assert read(tmp_path, "a,2020\n3,4\n").notes == ()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (TableLimits(max_columns=2), "has 3 columns; the limit is 2"),
        (TableLimits(max_rows=9), "more than 9 rows"),
        (TableLimits(max_memory_bytes=100), "more than 100 bytes of memory, the limit"),
        (TableLimits(max_cell_chars=4), "Line 5 has a cell of more than 4 characters"),
    ],
)
def test_a_limit_is_named(tmp_path: Path, limits: TableLimits, reason: str) -> None:
    content = "a,b,c\n" + "1,2,3\n" * 3 + "äöüßé,2,3\n" + "1,2,3\n" * 6
    assert reason in refusal(tmp_path, content, limits, TableErrorCode.FILE_TOO_LARGE)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    content = "a,b\n" + "1" * (10 * 2**20)
    assert "Line 2 has more than" in refusal(tmp_path, content, code=TableErrorCode.FILE_TOO_LARGE)


def test_many_chunks_are_put_together_in_order(tmp_path: Path) -> None:
    content = "a,b\n" + "".join(f"{n},{n % 7}\n" for n in range(20_000))
    table = read(tmp_path, content).table
    assert table["a"].to_pylist() == [str(n) for n in range(20_000)]


def test_utf_16_with_half_a_character_is_refused_with_its_place(tmp_path: Path) -> None:
    content = "a,b\n1,2\n".encode("utf-16-le") + b"\x00\xdc\n\x00"
    assert "are not. Save the file as UTF-8" in refusal(tmp_path, b"\xff\xfe" + content)
