"""Rows of JSON are bounded, and a value of another kind is named by row and column."""

import datetime as dt
from typing import Any

import pytest

from tests.training.tables.model.small_models import model
from training.tables.errors import TableError, TableErrorCode
from training.tables.model.table_model import rows_from_json

ROW: dict[str, Any] = {
    "a[1]": 0.5,
    "b<2": 3,
    "kind": "x",
    "seen": "2020-03-04",
    "yes": True,
    "note": "word1",
}


def rows(*given: Any, max_rows: int = 10) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rows_from_json(
        model("lightgbm"), list(given), max_rows=max_rows
    ).to_pylist()
    return found


def test_a_row_has_the_types_of_the_model() -> None:
    assert rows({**ROW, "unknown": [1]}) == [
        {**ROW, "b<2": 3.0, "seen": dt.datetime.fromisoformat("2020-03-04")}
    ]


@pytest.mark.parametrize(
    ("column", "value", "read"),
    [
        ("a[1]", "1.5", 1.5),
        ("a[1]", " NaN", None),
        ("a[1]", float("nan"), None),
        ("a[1]", 2**60, float(2**60)),
        ("kind", 3, "3"),
        ("kind", 3.0, "3"),
        ("kind", True, "true"),
        ("kind", " y ", "y"),
        ("seen", "2020-03-04T12:00:00Z", dt.datetime.fromisoformat("2020-03-04 12:00")),
        ("yes", "no", False),
        ("note", "", None),
    ],
)
def test_values_that_can_be_read(column: str, value: Any, read: Any) -> None:
    assert rows({**ROW, column: value})[0][column] == read


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("a[1]", True, "expected a number, but a boolean came"),
        ("a[1]", "many", "expected a number, but a text came"),
        ("a[1]", float("-inf"), "expected a finite number, but an infinite one came"),
        ("a[1]", 10**400, "expected a finite number, but an infinite one came"),
        ("a[1]", [1], "expected a single value, but a list or an object came"),
        ("kind", 10**400, "expected a finite number, but an infinite one came"),
        ("kind", {"a": 1}, "expected a single value, but a list or an object came"),
        ("kind", "\ud800", "expected a text, but half of a surrogate pair came"),
        ("note", "x" * 100_001, "expected a text of at most 100,000 characters, but a longer one"),
        ("seen", 20200304, "expected a date as in 2020-03-04, but a number came"),
        ("seen", "03/04/2020", "but one whose day may be its month came"),
        ("yes", 1, "expected true or false, but a number came"),
        ("yes", "1", "expected true or false, but another text came"),
    ],
)
def test_values_that_cannot_be_read(column: str, value: Any, problem: str) -> None:
    with pytest.raises(TableError) as raised:
        rows(ROW, {**ROW, column: value})
    assert str(raised.value).startswith(f"Row 2, column '{column}': ")
    assert problem in str(raised.value)


def test_a_row_has_every_column() -> None:
    absent = {name: value for name, value in ROW.items() if name not in ("kind", "b<2")}
    with pytest.raises(TableError, match=r"Row 2: .* 'b<2', 'kind' are absent. Give null"):
        rows(ROW, absent)


@pytest.mark.parametrize("given", [[], [3], ["x"], [None], [[1]]])
def test_rows_are_objects(given: list[Any]) -> None:
    with pytest.raises(TableError, match="object by column names"):
        rows(*given)


def test_a_call_is_bounded() -> None:
    with pytest.raises(TableError, match="has 11 rows; the limit is 10") as raised:
        rows(*[ROW] * 11)
    assert raised.value.code is TableErrorCode.FILE_TOO_LARGE
