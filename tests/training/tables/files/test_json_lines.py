"""JSON Lines hold one flat object in each line."""

from pathlib import Path

import pytest

from tests.training.tables.reading import read, refusal
from training.tables.errors import TableErrorCode
from training.tables.limits import TableLimits


def test_keys_become_columns_whenever_they_appear(tmp_path: Path) -> None:
    table = read(tmp_path, '{"a": 1, "b": "x"}\n\n{"c": true, "a": 2.5}\n{"b": null}\n').table
    assert table.to_pydict() == {
        "a": [1.0, 2.5, None],
        "b": ["x", None, None],
        "c": [None, True, None],
    }


def test_a_key_that_appears_in_a_later_chunk_is_missing_before(tmp_path: Path) -> None:
    content = '{"a": 1}\n' * 5000 + '{"b": "x", "a": 0.5}\n'
    table = read(tmp_path, content).table
    assert table["b"].null_count == 5000
    assert str(table.schema.field("a").type) == "double"


def test_mixed_values_become_text_and_large_numbers_stay_exact(tmp_path: Path) -> None:
    table = read(tmp_path, '{"a": 1, "b": 12345678901234567891}\n{"a": "x", "b": 2}\n').table
    assert table.to_pydict() == {"a": ["1", "x"], "b": ["12345678901234567891", "2"]}


def test_nan_and_infinity_count_as_missing_with_a_note(tmp_path: Path) -> None:
    table = read(tmp_path, '{"a": NaN}\n{"a": -Infinity}\n{"a": 1e999}\n{"a": 1.5}\n')
    assert table.table["a"].to_pylist() == [None, None, None, 1.5]
    assert table.notes == ("3 values NaN or Infinity count as missing.",)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a": [1]}', "'a', but the value is nested"),
        ('{"a": {"b": 1}}', "'a', but the value is nested"),
        ("[1, 2]", "it is no object"),
        ("7", "it is no object"),
        ('{"a": 1,}', "not valid JSON at character 9"),
        ('{"a": 1, "a": 2}', "'a' is repeated"),
        ('{"a": ' + "[" * 100_000, "a value in it is not readable"),
        ('{"a": ' + "9" * 5000 + "}", "a value in it is not readable"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    message = refusal(tmp_path, f'{{"a": 1}}\n{line}\n')
    assert message.startswith("Line 2: ")
    assert reason in message
    assert len(message) < 300


def test_a_broken_key_an_indented_object_and_limits_are_refused(tmp_path: Path) -> None:
    assert "surrogate" in refusal(tmp_path, '{"\\ud800": 1}\n')
    assert "Line 1" in refusal(tmp_path, '{\n  "a": 1\n}\n')
    assert "names of the columns" in refusal(tmp_path, '{"": 1}\n')
    assert "the file has none" not in refusal(tmp_path, "{}\n{}\n")
    too_large = TableErrorCode.FILE_TOO_LARGE
    wide = "".join(f'{{"k{n}": 1}}\n' for n in range(20))
    assert "20 columns" not in refusal(tmp_path, wide, TableLimits(max_columns=9), too_large)
    long = '{"a": "' + "x" * 50 + '"}\n'
    assert "more than 9 char" in refusal(tmp_path, long, TableLimits(max_cell_chars=9), too_large)
    assert "more than 1 rows" in refusal(tmp_path, wide, TableLimits(max_rows=1), too_large)
