"""Divides rows into a holdout and folds by a hash, without knowing the other rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from training.tables.arrow_columns import one_array
from training.tables.columns.row_codes import Codes, cell_codes, no_columns, with_column
from training.tables.labels import Booleans, Integers
from training.tables.splits.row_units import row_keys

HOLDOUT = 0
"""Number of the part that is held out. Folds are numbered from 1, as in `splits.stratified`."""
VALIDATION = 1
"""The fold that validates; the others train."""
_THINNING = np.uint64(0xD1B54A32D192ED03)


@dataclass(frozen=True, kw_only=True)
class HashParts:
    """The key of each row decides its part: of its group, or of its cells without a group.

    So rows of a group are in one part, and without a group rows with equal features are. The parts
    have about the same share of each class, since they are not stratified.
    """

    group: str | None
    features: tuple[str, ...]
    """Columns whose cells make the key of a row without a group."""
    holdout_share: float
    num_folds: int
    seed: int

    def keys(self, rows: pa.Table) -> Codes:
        """The key of each row, (num_rows,)."""
        if self.group is None:
            return row_keys(rows, self.features, self.seed)
        groups = one_array(rows.column(self.group))
        keys = with_column(no_columns(len(groups)) + np.uint64(self.seed), cell_codes(groups))
        if groups.null_count:
            missing = groups.is_null().to_numpy(zero_copy_only=False)
            keys[missing] = row_keys(rows, self.features, self.seed)[missing]
        return keys

    def parts(self, keys: Codes) -> Integers:
        """HOLDOUT or the fold, from 1, of each row, (num_rows,)."""
        place = _share_of(keys)
        fold = 1 + np.floor(
            (place - self.holdout_share) / (1 - self.holdout_share) * self.num_folds
        )
        bounded = np.minimum(fold, self.num_folds).astype(np.int64)
        return np.where(place < self.holdout_share, HOLDOUT, bounded)


def is_kept(keys: Codes, share: float) -> Booleans:
    """Whether each row is in a sample of whole groups of this share of all rows."""
    # Mixed again, since parts are intervals of keys.
    return _share_of(with_column(keys, no_columns(len(keys)) + _THINNING)) < share


def _share_of(keys: Codes) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return keys.astype(np.float64) / 2.0**64


def part_names(num_folds: int) -> Sequence[str]:
    """By number of the part."""
    return ["holdout", *(f"fold {fold}" for fold in range(1, num_folds + 1))]
