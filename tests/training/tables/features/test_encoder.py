"""The encoder learns from the development rows alone, and takes whatever comes at prediction."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.training.tables.made_tables import made
from training.tables.errors import TableError
from training.tables.features.category_columns import MAX_CODES
from training.tables.features.encoder import ENCODER_FILE, TableEncoder
from training.tables.features.feature import Feature, FeatureKind
from training.tables.features.fitting import fit_encoder
from training.tables.labels import Floats

NUM_ROWS = 60
DEVELOPMENT = np.arange(40)
ODD = "q\"'😀"
COLUMNS: dict[str, Any] = {
    "a[1]": [row / 2 for row in range(NUM_ROWS)],
    "b<2": [row % 7 for row in range(NUM_ROWS)],
    "": [None] * NUM_ROWS,
    ODD: ["late" if row == 50 else "xyz"[row % 3] for row in range(NUM_ROWS)],
    "seen": [dt.date(1000 if row else 2700, 1 + row % 12, 1 + row % 28) for row in range(NUM_ROWS)],
    "yes": [row % 2 == 0 for row in range(NUM_ROWS)],
    "constant": [1] * NUM_ROWS,
    "note": [f"word{row % 5} and other{row % 3} of row {row}" for row in range(NUM_ROWS)],
}


@pytest.fixture(scope="module")
def encoder() -> TableEncoder:
    return fit_encoder(made(COLUMNS), DEVELOPMENT, list(COLUMNS))


def table(**changed: Any) -> pa.Table:
    """One row, with other values in some columns."""
    row = {name: values[1] for name, values in COLUMNS.items()}
    return made({name: [value] for name, value in {**row, **changed}.items()}).table


def feature(encoder: TableEncoder, label: str) -> tuple[int, Feature]:
    return next((at, item) for at, item in enumerate(encoder.features) if item.label == label)


def values(encoder: TableEncoder, label: str, rows: pa.Table) -> Floats:
    at, _ = feature(encoder, label)
    found: Floats = encoder.transform(rows)[:, at]
    return found


def test_every_kind_of_column_has_features_with_plain_names(encoder: TableEncoder) -> None:
    assert [item.name for item in encoder.features] == [
        f"f{number}" for number in range(len(encoder.features))
    ]
    labels = [item.label for item in encoder.features]
    assert labels[:3] == ["a[1]", "b<2", "yes"]
    assert {"days since 1970 of seen", "year of seen", "length of note", "words of note: 1"} < {
        *labels
    }
    _, category = feature(encoder, ODD)
    assert category.kind is FeatureKind.CATEGORY
    assert category.num_categories == 3
    assert category.column == ODD


def test_empty_and_constant_columns_are_left_out_with_a_note(encoder: TableEncoder) -> None:
    assert encoder.input_columns == ("a[1]", "b<2", ODD, "seen", "yes", "note")
    assert encoder.notes == (
        "Left out, because no row of the training part has a value: ''.",
        "Left out, because all rows of the training part have the same value: 'constant'.",
    )


def test_columns_are_found_by_name(encoder: TableEncoder) -> None:
    rows = made(COLUMNS).table
    mixed = rows.select(sorted(rows.column_names, reverse=True))
    assert np.array_equal(encoder.transform(mixed), encoder.transform(rows), equal_nan=True)


def test_a_category_that_the_fitted_rows_lack_is_missing(encoder: TableEncoder) -> None:
    rows = made(COLUMNS).table
    assert list(values(encoder, ODD, rows)[:4]) == [0, 1, 2, 0]
    assert np.isnan(values(encoder, ODD, rows)[50])


def test_a_column_may_be_missing_at_prediction_alone(encoder: TableEncoder) -> None:
    one = table(**dict.fromkeys(COLUMNS))
    assert np.isnan(encoder.transform(one)).all()
    assert encoder.transform(one.slice(0, 0)).shape == (0, len(encoder.features))


def test_infinite_numbers_are_missing(encoder: TableEncoder) -> None:
    infinite = table().set_column(0, "a[1]", pa.array([float("inf")]))
    assert np.isnan(values(encoder, "a[1]", infinite))


def test_dates_are_days_and_parts(encoder: TableEncoder) -> None:
    one = table(seen=dt.date(1970, 3, 2))
    assert values(encoder, "days since 1970 of seen", one) == 60
    assert values(encoder, "month of seen", one) == 3
    assert values(encoder, "day of the week of seen", one) == 0
    assert values(encoder, "year of seen", table(seen=dt.date(2700, 1, 1))) == 2700
    noon = dt.datetime(1970, 1, 2, 12, tzinfo=dt.UTC)
    assert values(encoder, "days since 1970 of seen", table(seen=noon)) == 1.5


def test_texts_with_the_same_words_are_near_each_other(encoder: TableEncoder) -> None:
    words = [at for at, item in enumerate(encoder.features) if item.label.startswith("words")]

    def topics(text: str) -> Floats:
        found: Floats = encoder.transform(table(note=text))[0, words]
        return found

    same = np.linalg.norm(topics("word1 other2") - topics("other2 WORD1!"))
    other = np.linalg.norm(topics("word1 other2") - topics("word3 other0"))
    assert same < 1e-9 < other
    assert (topics("unknown vocabulary") == 0).all()


def test_texts_without_words_have_their_length_alone() -> None:
    only = fit_encoder(made({"t": ["!" * row for row in range(1, 9)]}), np.arange(8), ["t"])
    assert [item.label for item in only.features] == ["length of t"]


def test_very_many_categories_share_a_code_and_have_a_frequency() -> None:
    names = [f"c{number:04d}" for number in range(400)]
    typed = made({"c": names[:200] * 3 + names[200:]})
    many = fit_encoder(typed, np.arange(800), ["c"])
    code, frequency = many.features
    assert code.num_categories == MAX_CODES
    assert frequency.label == "frequency of c"
    found = many.transform(pa.table({"c": ["c0000", "c0399", "unseen", None]}))
    assert found[0].tolist() == [0, 3 / 800]
    assert found[1].tolist() == [MAX_CODES - 1, 1 / 800]
    assert np.isnan(found[2, 0])
    assert found[2, 1] == 0
    assert np.isnan(found[3]).all()


def test_labels_differ_even_if_columns_are_named_like_them() -> None:
    days = [dt.date(2000 + row, 1, 1) for row in range(9)]
    twins = fit_encoder(made({"d": days, "year of d": range(9)}), np.arange(9), ["d", "year of d"])
    labels = [item.label for item in twins.features]
    assert len(set(labels)) == len(labels)


def test_an_encoder_is_the_same_after_saving(encoder: TableEncoder, tmp_path: Path) -> None:
    encoder.save(tmp_path)
    loaded = TableEncoder.load(tmp_path)
    rows = made(COLUMNS).table
    assert loaded.features == encoder.features
    assert loaded.notes == encoder.notes
    assert np.array_equal(loaded.transform(rows), encoder.transform(rows), equal_nan=True)
    assert {file.suffix for file in tmp_path.iterdir()} == {".json", ".skops"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"format_version": 2}, "Expected the encoder in format 1, but format 2 came"),
        ({"num_features": 3}, "not all of the same model"),
        ({"columns": [{"name": "a", "kind": "shape"}]}, "malformed"),
        ({"columns": "abc"}, "malformed"),
        ({"steps": {}}, "malformed"),
    ],
)
def test_other_files_are_refused(
    encoder: TableEncoder, tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    encoder.save(tmp_path)
    file = tmp_path / ENCODER_FILE
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(TableError, match=expected):
        TableEncoder.load(tmp_path)


def test_a_file_of_words_that_is_cut_or_absent_is_refused(
    encoder: TableEncoder, tmp_path: Path
) -> None:
    encoder.save(tmp_path)
    words = next(tmp_path.glob("*.skops"))
    words.write_bytes(words.read_bytes()[:1000])
    with pytest.raises(TableError, match="malformed"):
        TableEncoder.load(tmp_path)
    words.unlink()
    with pytest.raises(TableError, match="cannot be read"):
        TableEncoder.load(tmp_path)


def test_tables_that_do_not_fit_are_refused(encoder: TableEncoder) -> None:
    with pytest.raises(TableError, match=r"Expected the columns 'a\[1\]', which the table lacks"):
        encoder.transform(table().drop_columns(["a[1]"]))
    with pytest.raises(TableError, match=r"kind 'number' in the column 'a\[1\]'"):
        encoder.transform(table(**{"a[1]": "five"}))


def test_a_table_without_anything_to_learn_from_is_refused() -> None:
    with pytest.raises(TableError, match="a column to learn from"):
        fit_encoder(made({"a": [1, 1], "b": [None, None]}), np.arange(2), ["a", "b"])
