"""Counts what the held-out rows share with those that train."""

from collections.abc import Collection

import numpy as np
from pydantic import BaseModel, ConfigDict

from training.tables.descriptions import TypedTable
from training.tables.labels import Integers
from training.tables.splits.row_units import group_ids, row_keys
from training.tables.splits.table_split import TableSplit


class Overlap(BaseModel):
    """Of the split that is used, and for comparison of one at random of the same size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_groups_shared: int
    """Groups with rows both in the holdout and outside; 0 without a group column."""
    num_duplicates_shared: int
    """Held-out rows with the same features as a row outside."""
    num_groups_shared_at_random: int
    num_duplicates_shared_at_random: int


def overlap(
    typed: TypedTable, split: TableSplit, *, target: str, ignored: Collection[str]
) -> Overlap:
    """The overlap between holdout and the other rows with a label."""
    table, group = typed.table, split.summary.group
    features = set(table.column_names) - {target, group, *ignored}
    equal = row_keys(table, sorted(features), 0).view(np.int64)
    groups = np.arange(table.num_rows) if group is None else group_ids(table.column(group))
    rows = np.concatenate([split.holdout, split.development])
    mixed = np.random.default_rng(split.summary.seed).permutation(rows)
    first, rest = np.split(mixed, [len(split.holdout)])
    return Overlap(
        num_groups_shared=_num_shared(groups[split.holdout], groups[split.development]),
        num_duplicates_shared=_num_rows_shared(equal, split.holdout, split.development, features),
        num_groups_shared_at_random=_num_shared(groups[first], groups[rest]),
        num_duplicates_shared_at_random=_num_rows_shared(equal, first, rest, features),
    )


def _num_shared(first: Integers, second: Integers) -> int:
    return len(np.intersect1d(first, second))


def _num_rows_shared(
    equal: Integers, first: Integers, second: Integers, features: Collection[str]
) -> int:
    return int(np.isin(equal[first], equal[second]).sum()) if features else 0
