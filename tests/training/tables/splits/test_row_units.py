"""Rows are joined along chains of equal groups and equal features, and not otherwise."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from training.tables.splits.row_units import group_ids, joined, row_keys


def by_search(first: list[int], second: list[int]) -> set[frozenset[int]]:
    units = [{row} for row in range(len(first))]
    for row in range(len(first)):
        for other in range(row):
            if first[row] == first[other] or second[row] == second[other]:
                merged = units[row] | units[other]
                for member in merged:
                    units[member] = merged
    return {frozenset(unit) for unit in units}


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 9), st.integers(0, 9)), min_size=1, max_size=20))
def test_chains_are_joined(rows: list[tuple[int, int]]) -> None:
    first, second = [row[0] for row in rows], [row[1] for row in rows]
    units = joined(np.array(first), np.array(second))
    found = {frozenset(np.flatnonzero(units == unit).tolist()) for unit in np.unique(units)}
    assert found == by_search(first, second)
    assert units.max() == len(found) - 1


def test_rows_without_a_group_are_alone() -> None:
    ids = group_ids(pa.chunked_array([["a", None], [None, "a"]]))
    assert ids[0] == ids[3]
    assert len(set(ids.tolist())) == 3


def test_keys_are_those_of_the_cells_and_the_seed() -> None:
    table = pa.table({"a": [1, 1, 2], "b": ["x", "x", None]})
    keys = row_keys(table, ["a", "b"], 0)
    assert keys[0] == keys[1] != keys[2]
    assert row_keys(table, ["b", "a"], 0).tolist() == keys.tolist()
    assert row_keys(table, ["a", "b"], 1)[0] != keys[0]
