"""Columns of any kind become numbers, and categories that training lacks are missing."""

import datetime as dt

import numpy as np
import pyarrow as pa

from training.tables.leaks.scoring_features import MAX_CATEGORIES, scoring_features


def test_each_kind_becomes_numbers() -> None:
    table = pa.table(
        {
            "number": [1, None, 3],
            "truth": [True, False, None],
            "day": [dt.date(1970, 1, 2), None, dt.date(1969, 12, 31)],
            "city": ["b", None, "a"],
        }
    )
    features = scoring_features(table, ["number", "truth", "day", "city"])
    day = 86_400 * 10**6
    expected = [[1, 1, day, 1], [np.nan, 0, np.nan, np.nan], [3, np.nan, -day, 0]]
    np.testing.assert_array_equal(features.values, expected)
    assert features.is_category.tolist() == [False, False, False, True]
    assert features.of(["day"]).columns == ("day",)
    assert features.of([]).values.shape == (3, 0)


def test_texts_of_many_values_are_their_place_and_length() -> None:
    texts = [f"{'x' * (number % 7)}{number}" for number in range(MAX_CATEGORIES + 1)]
    features = scoring_features(pa.table({"text": texts}), ["text"])
    assert features.columns == ("text", "text")
    assert features.values[:, 0].argsort().tolist() == np.argsort(texts).tolist()
    assert features.values[:, 1].tolist() == [len(text) for text in texts]


def test_a_category_that_training_lacks_is_missing() -> None:
    features = scoring_features(pa.table({"city": ["a", "b", "c"]}), ["city"])
    train, validation = features.train_and_validation(np.array([0, 1]), np.array([1, 2]))
    assert train.tolist() == [[0], [1]]
    np.testing.assert_array_equal(validation, [[1], [np.nan]])
    assert features.values[2, 0] == 2


def test_no_columns_are_no_features() -> None:
    assert scoring_features(pa.table({"a": [1, 2]}), []).values.shape == (2, 0)
