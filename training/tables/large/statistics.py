"""Summarises columns while they are read in batches."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from training.tables.arrow_columns import one_array
from training.tables.columns.row_codes import Codes, cell_codes
from training.tables.descriptions import ColumnKind
from training.tables.labels import Floats
from training.tables.model.input_column import InputColumn, days_since_1970

SKETCH_SIZE = 4096
"""Hashes of distinct values that are kept. More values are estimated with an error of 1.6 %."""


class StreamedColumn(BaseModel):
    """One column in all rows of a part. Quantiles and frequent values are only in the sample."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    num_rows: int
    num_missing: int
    num_distinct: int
    """Estimated above SKETCH_SIZE values."""
    num_unreadable: int
    """Cells that are of another kind than the column, which count as missing."""
    minimum: float | None = None
    """Of numbers as they are, of dates in days since 1970."""
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None


class ColumnSummary:
    """A running summary of one column, in bounded memory."""

    def __init__(self, column: InputColumn) -> None:
        self._column = column
        self._num_rows = 0
        self._num_missing = 0
        self.num_unreadable = 0
        self._moments = RunningMoments()
        self._distinct = DistinctSketch()

    def add(self, values: pa.ChunkedArray) -> None:
        array = one_array(values)
        self._num_rows += len(array)
        self._num_missing += array.null_count
        self._distinct.add(cell_codes(array.drop_null()))
        if self._column.kind is ColumnKind.NUMBER:
            self._moments.add(array.drop_null().to_numpy(zero_copy_only=False))
        elif self._column.kind is ColumnKind.DATE:
            self._moments.add(days_since_1970(array.drop_null()))

    def summary(self) -> StreamedColumn:
        moments = self._moments
        return StreamedColumn(
            name=self._column.name,
            num_rows=self._num_rows,
            num_missing=self._num_missing,
            num_distinct=self._distinct.estimate,
            num_unreadable=self.num_unreadable,
            minimum=moments.minimum if moments.count else None,
            maximum=moments.maximum if moments.count else None,
            mean=_finite(moments.mean),
            deviation=_finite(moments.deviation),
        )


class RunningMoments:
    """Mean, deviation and range of numbers (Chan, Golub and LeVeque 1983)."""

    def __init__(self) -> None:
        self.count = 0
        self.minimum, self.maximum = np.inf, -np.inf
        self._mean = 0.0
        self._squares = 0.0

    def add(self, numbers: Floats) -> None:
        """Finite numbers, (n,)."""
        if not len(numbers):
            return
        count, mean = len(numbers), float(numbers.mean())
        squares = float(((numbers - mean) ** 2).sum())
        shift, total = mean - self._mean, self.count + count
        self._squares += squares + shift**2 * self.count * count / total
        self._mean += shift * count / total
        self.count = total
        self.minimum = min(self.minimum, float(numbers.min()))
        self.maximum = max(self.maximum, float(numbers.max()))

    @property
    def mean(self) -> float | None:
        return self._mean if self.count else None

    @property
    def deviation(self) -> float | None:
        """Of the population, as `numpy.std` has it."""
        return float(np.sqrt(self._squares / self.count)) if self.count else None


class DistinctSketch:
    """Counts distinct values by the smallest of their hashes (Bar-Yossef et al. 2002, RANDOM)."""

    def __init__(self, size: int = SKETCH_SIZE) -> None:
        self._size = size
        self._smallest: Codes = np.empty(0, np.uint64)

    def add(self, codes: Codes) -> None:
        """Hashes of values, (n,)."""
        if len(self._smallest) == self._size:
            codes = codes[codes < self._smallest[-1]]
        self._smallest = np.unique(np.concatenate([self._smallest, codes]))[: self._size]

    @property
    def estimate(self) -> int:
        """The number of distinct values, exact below the size of the sketch."""
        if len(self._smallest) < self._size:
            return len(self._smallest)
        return round((self._size - 1) / (float(self._smallest[-1]) / 2.0**64))


def with_summaries(
    inputs: Sequence[InputColumn], summaries: Sequence[StreamedColumn]
) -> tuple[InputColumn, ...]:
    """The inputs, described by a sample, with counts and ranges of all rows that were trained on."""
    return tuple(
        item.model_copy(
            update={
                "num_rows": summary.num_rows,
                "num_missing": summary.num_missing,
                "minimum": summary.minimum,
                "maximum": summary.maximum,
            }
        )
        for item, summary in zip(inputs, summaries, strict=True)
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None
