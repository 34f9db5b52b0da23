"""Joins rows that must stay in the same part of a split: of one group, or with equal features."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from training.tables.arrow_columns import one_array
from training.tables.columns.row_codes import Codes, cell_codes, no_columns, with_column
from training.tables.labels import Integers

MIN_DISTINCT_SHARE = 0.1
"""If fewer rows differ in their features, equal rows are a coincidence of few possible values."""
MAX_UNIT_SHARE = 0.25
"""Equal rows are not joined where that chains a larger share of the rows into one unit."""


@dataclass(frozen=True, eq=False)
class RowUnits:
    """Units of rows that are never divided. Neither depends on the order of the rows."""

    of_row: Integers
    """The unit of each row, (num_rows,), from 0 without gaps."""
    row_keys: Codes
    """A hash of each row and the seed, (num_rows,)."""

    @cached_property
    def sizes(self) -> Integers:
        """Number of rows of each unit."""
        return np.bincount(self.of_row).astype(np.int64)

    @cached_property
    def keys(self) -> Codes:
        """The smallest hash of the rows of each unit, for an order that is arbitrary but fixed."""
        keys = np.full(len(self.sizes), np.iinfo(np.uint64).max, np.uint64)
        np.minimum.at(keys, self.of_row, self.row_keys)
        return keys

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def largest_share(self) -> float:
        return float(self.sizes.max() / len(self.of_row))


def row_keys(table: pa.Table, columns: Sequence[str], seed: int) -> Codes:
    """A hash of the cells of each row in these columns, which are taken in order of their names."""
    keys = no_columns(table.num_rows) + np.uint64(seed)
    for name in sorted(columns):
        keys = with_column(keys, cell_codes(one_array(table.column(name))))
    return keys


def group_ids(values: pa.ChunkedArray) -> Integers:
    """A number per group; each row without a group has one of its own."""
    array = one_array(values)
    _, ids = np.unique(cell_codes(array), return_inverse=True)
    ids = ids.astype(np.int64)
    missing = array.is_null().to_numpy(zero_copy_only=False)
    ids[missing] = len(array) + np.arange(int(missing.sum()))
    return ids


def joined(first: Integers, second: Integers) -> Integers:
    """Numbers of the units in which rows are joined if they agree in `first` or in `second`.

    Joining is transitive: it follows chains. Takes time almost linear in the number of rows.
    """
    _, first = np.unique(first, return_inverse=True)
    _, second = np.unique(second, return_inverse=True)
    num_first, size = first.max() + 1, first.max() + second.max() + 2
    edges = coo_array((np.ones(len(first), np.int8), (first, second + num_first)), (size, size))
    _, component = connected_components(edges, directed=False)
    _, units = np.unique(component[first], return_inverse=True)
    return units.astype(np.int64)
