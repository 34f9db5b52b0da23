"""Reads the target of a table as class codes or numbers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.descriptions import TypedTable
from training.tables.target import TargetChoice
from training.tables.targets.problem_type import ProblemType

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

NUM_BINS = 10
"""Quantile bins by which the rows of a regression are stratified."""


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The target of each row of a table; arrays have the shape (num_rows,)."""

    problem_type: ProblemType
    classes: tuple[str, ...]
    """In the order of codes; empty for a regression."""
    strata: Integers
    """Code of the class, for a regression the quantile bin of the number; -1 without a label."""
    numbers: Floats
    """Of a regression, NaN without a label; the codes of classes otherwise."""

    @property
    def is_labelled(self) -> Booleans:
        return self.strata >= 0

    @property
    def has_classes(self) -> bool:
        return bool(self.classes)

    def of_rows(self, rows: Integers) -> "Labels":
        """The labels of these rows, in their order."""
        return Labels(
            problem_type=self.problem_type,
            classes=self.classes,
            strata=self.strata[rows],
            numbers=self.numbers[rows],
        )


def read_labels(typed: TypedTable, target: TargetChoice) -> Labels:
    """The labels of the rows. Undecided labels that are to be ranked count as no label."""
    values = typed.table.column(target.column)
    if target.problem_type is ProblemType.REGRESSION:
        numbers = pc.cast(values, pa.float64()).to_numpy()
        return Labels(
            problem_type=target.problem_type,
            classes=(),
            strata=_quantile_bins(numbers),
            numbers=numbers,
        )
    return class_labels(
        pc.cast(values, pa.string()), tuple(target.classes), problem_type=target.problem_type
    )


def class_labels(
    texts: pa.ChunkedArray, classes: tuple[str, ...], *, problem_type: ProblemType
) -> Labels:
    """The labels of rows whose classes are these texts; others than `classes` count as no label."""
    found = pc.index_in(texts, value_set=pa.array(classes, pa.string()))
    codes = pc.fill_null(found, -1).to_numpy().astype(np.int64)
    return Labels(
        problem_type=problem_type,
        classes=classes,
        strata=codes,
        numbers=np.where(codes < 0, np.nan, codes),
    )


def _quantile_bins(numbers: Floats) -> Integers:
    present = np.isfinite(numbers)
    if not present.any():
        return np.full(len(numbers), -1, np.int64)
    edges = np.quantile(numbers[present], np.linspace(0, 1, NUM_BINS + 1)[1:-1])
    bins = np.searchsorted(np.unique(edges), numbers, side="left").astype(np.int64)
    return np.where(present, bins, -1)
