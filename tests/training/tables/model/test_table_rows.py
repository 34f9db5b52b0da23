"""Rows of a file are read for a model as its columns were read in training."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.training.tables.made_tables import made
from training.tables.arrow_columns import normalised
from training.tables.column_types import type_columns
from training.tables.descriptions import TypedTable
from training.tables.errors import TableError
from training.tables.file_type import FileType
from training.tables.model.input_column import InputColumn, describe_inputs
from training.tables.model.table_rows import rows_of
from training.tables.reader import ReadTable, read_table

TRAINED = {
    "price": ["1.234,5", "2.000,0", "3,5"],
    "mass": ["12 kg", "14 kg", "15 kg"],
    "day": ["13/02/2020", "14/02/2020", "15/02/2020"],
    "sick": ["yes", "no", "yes"],
    "code": ["007", "008", "007"],
    "country": ["DE", "NA", "US"],
}


def texts(columns: Mapping[str, Sequence[str | None]]) -> ReadTable:
    """As a file of text has them, without telling its decimal mark."""
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return ReadTable(table=pa.table(arrays), file_type=FileType.DELIMITED_TEXT)


def typed(columns: Mapping[str, Any]) -> ReadTable:
    """As a Parquet file has them."""
    arrays = {name: normalised(pa.chunked_array([pa.array(v)])) for name, v in columns.items()}
    return ReadTable(table=pa.table(arrays), file_type=FileType.PARQUET)


@pytest.fixture(scope="module")
def training() -> TypedTable:
    repeated = {name: values * 4 for name, values in TRAINED.items()}
    repeated["country"] += ["FR", "IT", "NA", "DE", "US", "GB"]
    return type_columns(texts({name: [*v, *v][:18] for name, v in repeated.items()}))


@pytest.fixture(scope="module")
def inputs(training: TypedTable) -> tuple[InputColumn, ...]:
    return describe_inputs(training, np.arange(18), list(TRAINED))


def row(**changed: str | None) -> ReadTable:
    return texts(
        {**{name: [v[0]] for name, v in TRAINED.items()}, **{n: [v] for n, v in changed.items()}}
    )


def read(inputs: tuple[InputColumn, ...], table: ReadTable | TypedTable) -> dict[str, Any]:
    found: dict[str, Any] = rows_of(inputs, table).slice(0, 1).to_pylist()[0]
    return found


def test_texts_are_read_as_in_training(inputs: tuple[InputColumn, ...]) -> None:
    assert read(inputs, row()) == {
        "price": 1234.5,
        "mass": 12.0,
        "day": dt.datetime.fromisoformat("2020-02-13"),
        "sick": True,
        "code": "007",
        "country": "DE",
    }


def test_the_training_table_gives_the_same_rows_in_both_ways(
    training: TypedTable, inputs: tuple[InputColumn, ...]
) -> None:
    assert read(inputs, training) == read(inputs, row())


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("price", "1.234", 1234.0),
        ("price", "7", 7.0),
        ("mass", "13", 13.0),
        ("mass", " n/a ", None),
        ("day", "03/04/2020", dt.datetime.fromisoformat("2020-04-03")),
        ("day", "2700-01-02", dt.datetime.fromisoformat("2700-01-02")),
        ("sick", "NO", False),
        ("code", " 9", "9"),
        ("country", "NA", "NA"),
        ("country", "n/a", None),
    ],
)
def test_single_cells(inputs: tuple[InputColumn, ...], column: str, text: str, value: Any) -> None:
    assert read(inputs, row(**{column: text}))[column] == value


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("mass", "heavy", "expected a number in kg, but a text came"),
        ("mass", "13 lb", "expected a number in kg, but another unit came"),
        (
            "mass",
            "1,234",
            "expected a number without marks of thousands, but an ambiguous one came",
        ),
        ("mass", "1e999", "expected a finite number, but an infinite one came"),
        ("day", "soon", "expected a date as in 2020-03-04, but another text came"),
        ("day", "2020-13-40", "expected a date as in 2020-03-04, but another text came"),
        ("sick", "maybe", "expected true or false, but another text came"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_without_its_content(
    inputs: tuple[InputColumn, ...], column: str, text: str, expected: str
) -> None:
    good = {name: [values[0]] * 3 for name, values in TRAINED.items()}
    with pytest.raises(TableError) as raised:
        rows_of(inputs, texts({**good, column: [good[column][0], text, text]}), first_row=101)
    message = str(raised.value)
    assert message.startswith(f"Row 102, column '{column}': {expected} (2 cells of this column).")
    assert text not in message.split(":", 1)[1]


def test_several_columns_are_named_by_row(inputs: tuple[InputColumn, ...]) -> None:
    with pytest.raises(TableError, match=r"^Row 1, column 'mass': .* Row 1, column 'sick': "):
        rows_of(inputs, row(mass="heavy", sick="maybe"))


def test_the_order_of_day_and_month_is_not_guessed() -> None:
    iso = describe_inputs(
        made({"d": [dt.date(2020, 1, day) for day in (1, 2)]}), np.arange(2), ["d"]
    )
    assert read(iso, texts({"d": ["04/04/2020"]})) == {"d": dt.datetime.fromisoformat("2020-04-04")}
    assert read(iso, texts({"d": ["3/25/2020"]})) == {"d": dt.datetime.fromisoformat("2020-03-25")}
    with pytest.raises(TableError, match="one whose day may be its month came"):
        rows_of(iso, texts({"d": ["03/04/2020"]}))


def test_the_decimal_mark_of_the_file_counts(tmp_path: Path) -> None:
    numbers = describe_inputs(made({"n": [1.5, 2.5]}), np.arange(2), ["n"])
    file = tmp_path / "german.csv"
    file.write_text("n;m\n1.234;7,25\n1,5;1,75\n2,5;3,25\n")
    german = read_table(file)
    assert isinstance(german, ReadTable)
    assert rows_of(numbers, german).column("n").to_pylist() == [1234.0, 1.5, 2.5]


def test_typed_columns_of_other_types_are_converted_or_named() -> None:
    inputs = describe_inputs(
        made({"c": ["1", "2", "1"], "n": [1.0, 2.0, 3.0]}), np.arange(3), ["c", "n"]
    )
    assert read(inputs, typed({"c": [1.0], "n": [5]})) == {"c": "1", "n": 5.0}
    assert read(inputs, typed({"c": [True], "n": [float("inf")]})) == {"c": "true", "n": None}
    with pytest.raises(TableError, match="Row 2, column 'n': expected a number, but the type bool"):
        rows_of(inputs, typed({"c": ["1", "2"], "n": [None, True]}))


def test_a_cell_that_was_no_number_in_a_typed_table_is_named() -> None:
    inputs = describe_inputs(made({"n": [1.0, 2.0]}), np.arange(2), ["n"])
    table = type_columns(texts({"n": [*map(str, range(40)), "secret"]}))
    with pytest.raises(
        TableError, match=r"^Row 41, column 'n': expected a number, but another text"
    ):
        rows_of(inputs, table)


def test_other_columns_are_ignored_and_absent_ones_named(inputs: tuple[InputColumn, ...]) -> None:
    full = row().table
    more = full.append_column("extra", pa.array(["x"])).select(
        [*reversed(full.column_names), "extra"]
    )
    assert read(inputs, ReadTable(table=more, file_type=FileType.DELIMITED_TEXT))["price"] == 1234.5
    misspelt = full.rename_columns([name.replace("price", "prices") for name in full.column_names])
    with pytest.raises(TableError, match=r"'price' is absent. The table has 'prices'"):
        rows_of(inputs, ReadTable(table=misspelt, file_type=FileType.DELIMITED_TEXT))


def test_an_empty_column_is_missing_whatever_its_kind(inputs: tuple[InputColumn, ...]) -> None:
    nothing = texts({name: [None] for name in TRAINED})
    assert set(read(inputs, nothing).values()) == {None}
