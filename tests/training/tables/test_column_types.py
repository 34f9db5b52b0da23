"""Each text column gets the type that its cells have, or stays text with the reason."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.tables.reading import typed, written
from training.tables.column_types import type_columns
from training.tables.columns.dates import DayOrder
from training.tables.descriptions import CellProblem, ColumnDescription, ColumnKind
from training.tables.errors import TableError
from training.tables.reader import ReadTable, read_table


def column(folder: Path, *cells: str) -> tuple[ColumnDescription, list[object]]:
    """The first of two columns, so that an empty cell is no empty line."""
    table = typed(folder, "a;b\n" + "".join(f"{cell};x\n" for cell in cells))
    return table.columns[0], table.table["a"].to_pylist()


@pytest.mark.parametrize(
    ("cells", "kind", "values", "unit"),
    [
        (["1", "-2", ""], "number", [1, -2, None], None),
        (["1", "2.5", "NA"], "number", [1.0, 2.5, None], None),
        (["1e3", "nan", "n/a"], "number", [1000.0, None, None], None),
        (["1,234.5", "7", "?"], "number", [1234.5, 7.0, None], None),
        (["1.234,5", "0,5", "-"], "number", [1234.5, 0.5, None], None),
        (["12,5", "-0,5", "7"], "number", [12.5, -0.5, 7.0], None),
        (["1,234.0", "12", "#DIV/0!"], "number", [1234.0, 12.0, None], None),
        (["1.234", "12,5", ""], "number", [1234.0, 12.5, None], None),
        (["12 kg", "3.5 kg"], "number", [12.0, 3.5], "kg"),
        (["50%", "7 %"], "number", [50, 7], "%"),
        (["$1,200.50", "$3"], "number", [1200.5, 3.0], "$"),
        (["0", "1", "1"], "number", [0, 1, 1], None),
        (["yes", "No", "YES", "NA"], "boolean", [True, False, True, None], None),
        (["true", "TRUE"], "boolean", [True, True], None),
        (["f", "m", "f"], "category", ["f", "m", "f"], None),
        (["NO", "NO"], "category", ["NO", "NO"], None),
        (["yes", "no", "maybe", "no"], "category", ["yes", "no", "maybe", "no"], None),
        (["x", "y"], "text", ["x", "y"], None),
        (["", "NA", "null"], "empty", [None, None, None], None),
        (["1000-01-01", "2700-12-31"], "date", [date(1000, 1, 1), date(2700, 12, 31)], None),
        (["31.1.2020", "1.2.2020"], "date", [date(2020, 1, 31), date(2020, 2, 1)], None),
        (["2020-W01", "x", "x"], "category", ["2020-W01", "x", "x"], None),
    ],
)
def test_the_kind_of_a_column(
    tmp_path: Path, cells: list[str], kind: str, values: list[object], unit: str | None
) -> None:
    description, found = column(tmp_path, *cells)
    assert (description.kind, found, description.unit) == (kind, values, unit)
    assert [type(value) for value in found] == [type(value) for value in values]
    assert description.num_missing == values.count(None)
    assert description.problem is None


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["007", "010"], "leading zeros"),
        (["9007199254740993", "1"], "2^53"),
        (["99999999999999999999", "1"], "2^53"),
        (["1 234 567 890 123 456 789", "1"], "2^53"),
        (["1 kg", "2 lb"], "different units ('kg', 'lb')"),
        (["25/12/2020", "12/25/2020"], "day first and others the month"),
    ],
)
def test_a_column_that_only_looks_like_numbers_or_dates_stays_text(
    tmp_path: Path, cells: list[str], reason: str
) -> None:
    description, found = column(tmp_path, *cells)
    assert found == cells
    assert reason in description.notes[0]


def test_a_text_in_a_number_column_is_named_with_its_cell(tmp_path: Path) -> None:
    cells = ["1.5"] * 30 + ["un\u202eknown" + "!" * 90] + ["2"] * 30 + ["x"]
    description, found = column(tmp_path, *cells)
    assert description.kind is ColumnKind.NUMBER
    assert found[30] is found[61] is None
    assert description.problem == CellProblem(row=31, text="unknown" + "!" * 52 + "…", num_cells=2)
    assert description.num_missing == 2


@pytest.mark.parametrize("cells", [["1,5"] * 40, ["1.5"] * 40, ["1 kg"] * 40, ["1,234.5"] * 40])
def test_a_wrong_cell_is_named_however_numbers_are_written(
    tmp_path: Path, cells: list[str]
) -> None:
    description, found = column(tmp_path, *cells, "x", "inf")
    assert description.kind is ColumnKind.NUMBER
    assert description.problem == CellProblem(row=41, text="x", num_cells=1)
    assert "1 infinite values" in description.notes[-1]
    assert found[40:] == [None, None]


def test_more_than_five_percent_of_texts_make_it_a_text_column(tmp_path: Path) -> None:
    assert column(tmp_path, *["1"] * 19, "x")[0].kind is ColumnKind.NUMBER
    assert column(tmp_path, *["1"] * 18, "x")[0].kind is ColumnKind.CATEGORY


def test_infinite_values_are_missing_and_noted(tmp_path: Path) -> None:
    description, found = column(tmp_path, "1", "inf", "-Infinity", "1e999")
    assert found == [1, None, None, None]
    assert "infinite" in " ".join(description.notes)


def test_a_wrong_date_is_named_with_its_cell(tmp_path: Path) -> None:
    description, found = column(tmp_path, *["2020-02-28"] * 30, "2020-02-30")
    assert description.problem == CellProblem(row=31, text="2020-02-30", num_cells=1)
    assert found[0] == date(2020, 2, 28)


def test_times_with_zones_become_utc(tmp_path: Path) -> None:
    _, found = column(tmp_path, "2020-01-01T12:00:00+02:00", "2020-01-01T12:00:00Z")
    assert found == [datetime(2020, 1, 1, hour, tzinfo=UTC) for hour in (10, 12)]


def test_dates_whose_order_is_open_are_asked_about(tmp_path: Path) -> None:
    content = "when,b\n01/02/2020,1\n03/04/2020,2\n"
    table = typed(tmp_path, content)
    (question,) = table.questions
    assert question.id == "date_order:when"
    assert table.columns[0].kind is ColumnKind.TEXT

    for order, day in (
        (DayOrder.DAY_FIRST, date(2020, 2, 1)),
        (DayOrder.MONTH_FIRST, date(2020, 1, 2)),
    ):
        answered = typed(tmp_path, content, {question.id: order})
        assert answered.questions == ()
        assert answered.table["when"][0].as_py() == day
    with pytest.raises(TableError, match="Expected one of 'day first', 'month first'"):
        typed(tmp_path, content, {question.id: "year first"})


def test_a_comma_that_may_mean_two_things_is_asked_about(tmp_path: Path) -> None:
    content = "size;b\n1,234 kg;x\n2,500 kg;y\n"
    table = typed(tmp_path, content)
    (question,) = table.questions
    assert question.id == "decimal:size"
    assert table.table["size"].to_pylist() == ["1,234 kg", "2,500 kg"]
    for option, value in zip(question.options, (1234, 1.234), strict=True):
        answered = typed(tmp_path, content, {question.id: option})
        assert answered.questions == ()
        assert answered.table["size"][0].as_py() == value
    # A quoted comma in a file with commas, and a comma beside `0,5`, have one meaning.
    quoted = typed(tmp_path, 'size,b\n"1,234",x\n"2,500",y\n')
    assert quoted.table["size"].to_pylist() == [1234, 2500]
    beside = typed(tmp_path, "size;b\n1,234;0,5\n2,500;0,7\n")
    assert beside.table["size"].to_pylist() == [1.234, 2.5]


def test_dates_whose_order_one_cell_decides_are_not_asked_about(tmp_path: Path) -> None:
    description, found = column(tmp_path, "01/02/2020", "25/12/2020")
    assert found == [date(2020, 2, 1), date(2020, 12, 25)]
    assert "day first" in description.notes[0]


def test_na_is_a_category_among_codes_and_missing_elsewhere(tmp_path: Path) -> None:
    codes, found = column(tmp_path, "DE", "NA", "US", "FR", "DE", "", "US")
    assert found == ["DE", "NA", "US", "FR", "DE", None, "US"]
    assert "'NA' is a category: it stands among codes" in codes.notes[0]

    names, found = column(tmp_path, "Berlin", "NA", "Rome", "Paris", "Rome", "Paris")
    assert found[1] is None
    assert names.missing_markers == ("NA",)

    few, found = column(tmp_path, "DE", "NA", "US", "DE", "US")
    assert found[1] is None
    assert few.notes == ()


def test_none_and_minus_are_categories_where_they_are_values(tmp_path: Path) -> None:
    assert column(tmp_path, "none", "mild", "none", "?")[1] == ["none", "mild", "none", None]
    assert column(tmp_path, "+", "-", "+", "-")[1] == ["+", "-", "+", "-"]
    assert column(tmp_path, "a", "-", "a", "b", "b")[1] == ["a", None, "a", "b", "b"]


def test_texts_of_a_parquet_file_stay_texts(tmp_path: Path) -> None:
    table = pa.table({"a": ["1", "2", "2"], "b": [1.5, float("nan"), float("inf")]})
    pq.write_table(table, tmp_path / "upload")
    read = read_table(tmp_path / "upload")
    assert isinstance(read, ReadTable)
    found = type_columns(read)
    assert found.table.to_pydict() == {"a": ["1", "2", "2"], "b": [1.5, None, None]}
    assert [item.kind for item in found.columns] == ["category", "number"]


def test_texts_of_json_lines_may_be_numbers(tmp_path: Path) -> None:
    table = typed(tmp_path, '{"a": "1 kg", "b": true}\n{"a": "2 kg", "b": false}\n')
    assert table.column("a").unit == "kg"
    assert table.column("b").kind is ColumnKind.BOOLEAN


def test_long_texts_are_no_categories(tmp_path: Path) -> None:
    cells = ["a long report about a patient, " * 4] * 3
    assert column(tmp_path, *cells)[0].kind is ColumnKind.TEXT


def test_the_same_file_gives_the_same_table(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n1 kg,x\n2 kg,NA\n3,x\n" * 50)
    first, second = (
        type_columns(read)
        for read in (read_table(path), read_table(path))
        if isinstance(read, ReadTable)
    )
    assert first == second
