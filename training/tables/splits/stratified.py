"""Deals units of rows to a holdout and to folds so that each class is in every part."""

import numpy as np

from training.tables.labels import Booleans, Integers, Labels
from training.tables.splits.row_units import RowUnits

HOLDOUT = 0
"""Number of the part that is held out. Folds are numbered from 1."""

_MIN_FOR_HOLDOUT = 3
_PHASE = 0.4


def unit_strata(units: RowUnits, labels: Labels) -> Integers:
    """The stratum of each unit: its rarest class, or the average bin of its numbers.

    A class is rarer than another if fewer units have it. All rows must have a label.
    """
    strata = labels.strata
    if not labels.has_classes:
        return np.rint(np.bincount(units.of_row, strata) / units.sizes).astype(np.int64)
    num_classes = len(labels.classes)
    pairs = np.unique(units.of_row * num_classes + strata)
    rarity = np.bincount(pairs % num_classes, minlength=num_classes)
    rank = np.empty(num_classes, np.int64)
    rank[np.argsort(rarity, kind="stable")] = np.arange(num_classes)
    rarest = np.full(len(units), num_classes, np.int64)
    np.minimum.at(rarest, units.of_row, rank[strata])
    return rarest


def deal(units: RowUnits, strata: Integers, *, holdout_share: float, num_folds: int) -> Integers:
    """The part of each unit: HOLDOUT or a fold from 1. Three units give at least two folds.

    Within a stratum, units are ordered by size (its power of two) and then by hash. Of them,
    `holdout_share` are held out at regular distances, at least one of three; the rest are dealt
    to the folds in turn, on from the previous stratum. So the parts of a stratum differ by one
    unit at most, and the two largest units of a stratum are only held out if that is needed.
    Takes time O(n log n).
    """
    bucket = np.floor(np.log2(units.sizes)).astype(np.int64)
    order = np.lexsort((units.keys, -bucket, strata))
    held_out = _held_out(strata[order], holdout_share)
    if not held_out.any():
        # All strata are small: one for all.
        order = np.lexsort((units.keys, -bucket))
        held_out = _held_out(np.zeros(len(units), np.int64), holdout_share)
    parts = np.empty(len(units), np.int64)
    parts[order[held_out]] = HOLDOUT
    rest = order[~held_out]
    parts[rest] = 1 + np.arange(len(rest)) % num_folds
    return parts


def _held_out(strata: Integers, share: float) -> Booleans:
    """Whether each unit is held out, for units that are ordered by stratum."""
    _, starts, counts = np.unique(strata, return_index=True, return_counts=True)
    position = np.arange(len(strata)) - np.repeat(starts, counts)
    # The phase puts the first one into the middle of five for the usual share of 0.2.
    chosen: Booleans = np.floor((position + 1) * share + _PHASE) > np.floor(
        position * share + _PHASE
    )
    has_none = np.add.reduceat(chosen, starts) == 0
    is_enough = counts >= _MIN_FOR_HOLDOUT
    chosen[starts[has_none & is_enough] + _MIN_FOR_HOLDOUT - 1] = True
    return chosen
