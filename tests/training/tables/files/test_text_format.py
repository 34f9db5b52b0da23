"""Encoding, delimiter, quote and comments of a text are found from its first megabyte."""

import time
from pathlib import Path

import pytest

from tests.training.tables.reading import read, refusal, written
from training.tables.files.text_format import Dialect, TextFormat, find_text_format


def format_of(folder: Path, content: str | bytes) -> TextFormat:
    return find_text_format(written(folder, content))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_unicode_encodings_are_found(tmp_path: Path, encoding: str) -> None:
    table = read(tmp_path, "name,größe\nanna,3\nzoé,4\n".encode(encoding)).table
    assert table.to_pydict() == {"name": ["anna", "zoé"], "größe": ["3", "4"]}


@pytest.mark.parametrize(("text", "name"), [("größe,€\n", "cp1252"), ("gr\x81,\xf6\n", "latin-1")])
def test_an_eight_bit_encoding_is_taken_last_and_noted(
    tmp_path: Path, text: str, name: str
) -> None:
    found = format_of(tmp_path, (text + "1,2\n").encode(name))
    assert found.encoding == name
    assert "If letters look wrong, save it as UTF-8" in found.notes[0]


def test_a_broken_byte_in_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, "größe\n1\n2\n".encode() + b"\xff\n")
    assert "UTF-8 up to line 4" in message


def test_a_letter_that_two_blocks_share_is_no_fault(tmp_path: Path) -> None:
    # Rows of 1,024 bytes; in the last one, the letter's two bytes are in two blocks of 2^20.
    row = "1" * 1021 + ",2\n"
    before = "a,b\n" + "1" * 1017 + ",2\n" + row * 1022 + "1" * 1023
    assert len(before) == 2**20 - 1
    table = read(tmp_path, before + "é,ü\n").table
    assert table["a"][-1].as_py() == "1" * 1023 + "é"


@pytest.mark.parametrize(
    ("content", "dialect"),
    [
        ("a,b\n1,2\n", Dialect(",")),
        ("a;b\n1,5;2,5\n", Dialect(";")),
        ("a\tb c, d\n1\t2\n", Dialect("\t")),
        ("a|b\n1|2\n", Dialect("|")),
        ("a,b\n'x,y',2\n'z',3\n", Dialect(",", "'")),
        ('a, b\n1, "x, y"\n', Dialect(",", '"', skip_initial_space=True)),
        ("a;b\n" + '"x;\n;y";1\n' * 3, Dialect(";")),
        ("sep=|\na,b|c\n1|2\n", Dialect("|")),
        ("a\n1\n2\n", Dialect(",")),
    ],
)
def test_delimiter_and_quote_are_found(tmp_path: Path, content: str, dialect: Dialect) -> None:
    assert format_of(tmp_path, content).dialect == dialect


def test_comments_of_the_exoplanet_archive_are_skipped(tmp_path: Path) -> None:
    table = read(tmp_path, "# This file was produced\n# COLUMN kepid: KepID\n#\nkepid,ra\n1,2\n")
    assert table.table.column_names == ["kepid", "ra"]
    assert "3 comment lines" in table.notes[0]


def test_a_header_that_begins_with_a_hash_is_a_header(tmp_path: Path) -> None:
    assert read(tmp_path, "#id,age\n1,2\n").table.column_names == ["id", "age"]
    assert read(tmp_path, "#a comment, short\nid,age\n1,2\n").table.column_names == ["id", "age"]


@pytest.mark.parametrize(
    ("content", "decimal"),
    [
        ("a;b\n1,5;2\n", ","),
        ("a;b\n1.234,5;2\n", ","),
        ("a;b\n1.5;2\n", "."),
        ('a,b\n"1,234.5",2\n', "."),
        ('a,b\n"1,5",2\n', ","),
        ("a;b\n1,234;2\n", None),
        ('a,b\n"1,234",2\n', "."),
    ],
)
def test_the_decimal_mark_is_found(tmp_path: Path, content: str, decimal: str | None) -> None:
    assert format_of(tmp_path, content).decimal == decimal


@pytest.mark.parametrize("unit", [",", '"', '",', "\n", "a,", "'", '"\n', ';"', "# \n", "\r"])
def test_a_hostile_megabyte_takes_less_than_two_seconds(tmp_path: Path, unit: str) -> None:
    path = written(tmp_path, "x" + unit * (2**20 // len(unit)))
    begin = time.process_time()
    find_text_format(path)
    assert time.process_time() - begin < 2
