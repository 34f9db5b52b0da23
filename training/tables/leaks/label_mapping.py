"""Finds values of a column that decide the class of their rows."""

from dataclasses import dataclass

import numpy as np

from training.tables.labels import Floats, Integers, Labels
from training.tables.leaks.column_bins import has_many

MIN_AGREEMENT = 0.98
"""Share of rows that a mapping between values and classes must fit, for each class."""
MIN_CLASS_ROWS = 10
"""Classes of fewer rows say nothing about a mapping."""
MIN_DECIDED_ROWS = 30
MIN_PURITY = 0.99
MAX_ERROR_RATIO = 0.1
"""Rows of other classes among those of a deciding value, against their share in all rows."""
MIN_COVERED = 0.1
"""Share of a class that a deciding value must have."""


@dataclass(frozen=True)
class LabelMapping:
    """How the bins of a column fit the classes."""

    is_one_to_one: bool = False
    """Each bin has one class and each class one bin, up to 2 % of the rows."""
    is_coarser: bool = False
    """Each class has one bin, up to 2 % of its rows, and there are at least two such bins."""
    decides: str | None = None
    """A class that the rows of one bin have, at least 30 and nearly all of them."""


NO_MAPPING = LabelMapping()


def label_mapping(bins: Integers, labels: Labels) -> LabelMapping:
    """The mapping between the bins of a column and the classes of all rows, which have one.

    A class counts from MIN_CLASS_ROWS on. A bin decides a class if MIN_PURITY of its rows are of
    it, and a tenth as many are not as in the whole table, and it has MIN_COVERED of the class. Bins
    that hold many values decide nothing: a strong number is no leak.
    """
    if not labels.has_classes:
        return NO_MAPPING
    num_classes, num_bins = len(labels.classes), int(bins.max()) + 1
    counts = np.bincount(
        bins * num_classes + labels.strata, minlength=num_bins * num_classes
    ).reshape(num_bins, num_classes)
    of_class = counts.sum(axis=0)
    enough = of_class >= MIN_CLASS_ROWS
    if enough.sum() < 2:
        return NO_MAPPING
    common = counts.argmax(axis=0)[enough]
    fits_class = (counts.max(axis=0)[enough] >= MIN_AGREEMENT * of_class[enough]).all()
    num_bins_used = len(set(common.tolist()))
    purity = counts.max(axis=1).sum() / counts.sum()
    return LabelMapping(
        is_one_to_one=bool(
            fits_class and num_bins_used == int(enough.sum()) and purity >= MIN_AGREEMENT
        ),
        is_coarser=bool(fits_class and num_bins_used >= 2),
        decides=None if has_many(bins) else _decided(counts.astype(np.float64), labels),
    )


def _decided(counts: Floats, labels: Labels) -> str | None:
    of_bin, of_class = counts.sum(axis=1, keepdims=True), counts.sum(axis=0)
    purity = counts / np.maximum(of_bin, 1)
    usual_errors = 1 - of_class / of_class.sum()
    decides = (
        (of_bin >= MIN_DECIDED_ROWS)
        & (purity >= MIN_PURITY)
        & (1 - purity <= MAX_ERROR_RATIO * usual_errors)
        & (counts >= MIN_COVERED * of_class)
    )
    if not decides.any():
        return None
    covered = np.where(decides, counts / np.maximum(of_class, 1), 0)
    return labels.classes[int(covered.max(axis=0).argmax())]
