"""Divides units of rows by time: the newest are held out, older ones validate in turn."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.errors import TableError
from training.tables.labels import Floats, Integers
from training.tables.printable import printable
from training.tables.splits.row_units import RowUnits

UNDATED = np.iinfo(np.int64).min
"""The time of a row or unit without a date, before all others."""


def row_times(values: pa.ChunkedArray) -> Integers:
    """Microseconds since 1970 of each row; UNDATED without a date."""
    whole = pc.cast(pc.cast(values, pa.timestamp("us")), pa.int64())
    times: Integers = pc.fill_null(whole, int(UNDATED)).to_numpy()
    return times


def unit_times(units: RowUnits, times: Integers) -> Integers:
    """The time of each unit, which is that of its newest row.

    So no row that trains is newer than the first one of the part that it is tried on; older rows
    of a unit may be in a later part.
    """
    newest = np.full(len(units), UNDATED, np.int64)
    np.maximum.at(newest, units.of_row, times)
    return newest


def blocks(
    units: RowUnits, times: Integers, *, holdout_share: float, num_folds: int, column: str
) -> Integers:
    """The block of each unit, from 0, the oldest; the last one is to be held out.

    There are `num_folds` + 2 blocks: the first one only trains. There are fewer if too many rows
    have the same time, because units of the same time are never divided. Units without a date
    are in the first block.

    Raises TableError if there are not at least three blocks.
    """
    distinct, inverse = np.unique(times, return_inverse=True)
    ends = np.cumsum(np.bincount(inverse, units.sizes)) / len(units.of_row)
    wanted = np.linspace(0, 1 - holdout_share, num_folds + 2)[1:]
    cuts = np.unique(_nearest(ends[:-1], wanted))
    if len(cuts) < 2:
        raise TableError(
            f"Expected at least 3 different dates in '{printable(column)}' to order the parts of "
            f"the table by time, but got {len(distinct):,}, of which few have most rows. Leave "
            "the date column out of the split."
        )
    found: Integers = np.searchsorted(cuts, inverse, side="left").astype(np.int64)
    return found


def _nearest(ends: Floats, wanted: Floats) -> Integers:
    """For each wanted share the index of the end that is nearest to it."""
    if not len(ends):
        return np.empty(0, np.int64)
    nearest: Integers = np.abs(ends[None, :] - wanted[:, None]).argmin(axis=1).astype(np.int64)
    return nearest
