"""Reads the target of batches of rows as class codes or numbers."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import one_array
from training.tables.labels import Floats, Integers
from training.tables.target import TargetChoice

MAX_NAMED = 100
UNLABELLED = -1


class TargetReader:
    """Reads labels as `labels.read_labels` does, and counts those that cannot be learned.

    A class that the sample lacks has too few rows to be learned; it is counted by its name.
    """

    def __init__(self, target: TargetChoice, kind: pa.DataType) -> None:
        """`kind` is the type of the target in the sample, with types."""
        self._target = target
        self._kind = kind
        self._classes = pa.array(list(target.classes), pa.string())
        self.num_missing = 0
        """Rows without a label, or with a fraction where the sample has whole numbers."""
        self.num_undecided = 0
        self.unknown: Counter[str] = Counter()
        """Rows of classes that the sample lacks, of up to MAX_NAMED of them."""
        self.num_unnamed = 0
        """Rows of further classes."""

    def read(self, values: pa.ChunkedArray) -> tuple[Floats, Integers]:
        """The targets and the class codes, both (num_rows,); UNLABELLED without a label.

        A regression has the code 0 for each row with a number.
        """
        array = one_array(values)
        if not len(self._classes):
            self.num_missing += array.null_count
            numbers = pc.cast(array, pa.float64()).to_numpy(zero_copy_only=False)
            return numbers, np.where(np.isfinite(numbers), 0, UNLABELLED).astype(np.int64)
        texts = self._texts(array)
        self.num_missing += texts.null_count
        found = pc.fill_null(pc.index_in(texts, value_set=self._classes), UNLABELLED)
        codes = found.to_numpy(zero_copy_only=False).astype(np.int64)
        self._count(texts.filter(pa.array(codes < 0)).drop_null())
        return codes.astype(np.float64), codes

    def _texts(self, values: pa.Array) -> pa.Array:
        if pa.types.is_int64(self._kind) and pa.types.is_floating(values.type):
            whole = pc.equal(pc.floor(values), values)
            values = pc.if_else(whole, values, pa.scalar(None, values.type))
            values = pc.cast(values, pa.int64(), safe=False)
        return pc.cast(values, pa.string())

    def _count(self, texts: pa.Array) -> None:
        for pair in pc.value_counts(texts).to_pylist():
            name, count = pair["values"], pair["counts"]
            if name in self._target.undecided:
                self.num_undecided += count
            elif name in self.unknown or len(self.unknown) < MAX_NAMED:
                self.unknown[name] += count
            else:
                self.num_unnamed += count
