"""Passes numbers on as they are, and booleans as 0 and 1."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.features.table_transformer import (
    NewFeature,
    State,
    TableTransformer,
    column_of,
)
from training.tables.labels import Floats


class NumberColumns(TableTransformer):
    """Has nothing to learn: models of trees need no scaling, and others scale for themselves."""

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self.columns = columns

    def fit(self, table: pa.Table, y: None = None) -> Self:
        return self

    def transform(self, table: pa.Table) -> Floats:
        return np.column_stack([numbers_of(column_of(table, name)) for name in self.columns])

    def new_features(self) -> list[NewFeature]:
        return [NewFeature(column=name, label=name) for name in self.columns]

    def state(self) -> State:
        return {}

    def restore(self, state: State) -> Self:
        return self


def numbers_of(values: pa.Array) -> Floats:
    """Numbers or booleans as floats; missing and infinite ones are NaN."""
    floats = pc.cast(values, pa.float64(), safe=False)
    numbers: Floats = floats.to_numpy(zero_copy_only=False)
    return np.where(np.isfinite(numbers), numbers, np.nan)
