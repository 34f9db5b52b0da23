"""Encodes columns for the model that only scores them. It is not the one that is trained."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import is_text, one_array
from training.tables.labels import Booleans, Floats, Integers
from training.tables.leaks.column_bins import is_missing, numbers_of

MAX_CATEGORIES = 64
"""Texts of more values are their place in the alphabet and their length."""


@dataclass(frozen=True, eq=False)
class ScoringFeatures:
    """Encoded columns; `values` has the shape (num_rows, num_features), NaN where missing."""

    values: Floats
    is_category: Booleans
    """Of each feature, whether its values are codes without order."""
    columns: tuple[str, ...]
    """The column that each feature is from."""

    def of(self, columns: Sequence[str]) -> "ScoringFeatures":
        """The features of these columns."""
        kept = np.isin(np.array(self.columns, object), np.array([*columns, ""], object))
        return ScoringFeatures(
            self.values[:, kept],
            self.is_category[kept],
            tuple(name for name, is_kept in zip(self.columns, kept, strict=True) if is_kept),
        )

    def train_and_validation(self, train: Integers, validation: Integers) -> tuple[Floats, Floats]:
        """The features of both; categories that training lacks are missing in validation."""
        first, second = self.values[train], self.values[validation].copy()
        for number in np.flatnonzero(self.is_category):
            unseen = ~np.isin(second[:, number], first[:, number])
            second[unseen, number] = np.nan
        return first, second


def scoring_features(table: pa.Table, columns: Sequence[str]) -> ScoringFeatures:
    """The columns as numbers: dates in microseconds, booleans 0 and 1, categories as codes.

    Codes and places follow the alphabet, which has no part in the target.
    """
    values: list[Floats] = []
    names: list[str] = []
    categories: list[bool] = []
    for name in columns:
        encoded, is_category = _encoded(one_array(table.column(name)))
        values += encoded
        names += [name] * len(encoded)
        categories += [is_category] * len(encoded)
    if not values:
        return ScoringFeatures(np.empty((table.num_rows, 0)), np.empty(0, np.bool_), ())
    return ScoringFeatures(np.column_stack(values), np.array(categories, np.bool_), tuple(names))


def _encoded(values: pa.Array) -> tuple[list[Floats], bool]:
    missing = is_missing(values)
    numbers = np.where(missing, np.nan, numbers_of(values))
    if not is_text(values.type):
        return [numbers], False
    if len(np.unique(numbers[~missing])) <= MAX_CATEGORIES:
        return [numbers], True
    lengths = pc.fill_null(pc.utf8_length(values), 0).to_numpy(zero_copy_only=False)
    return [numbers, np.where(missing, np.nan, lengths)], False
