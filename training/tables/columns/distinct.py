"""Works on the distinct values of a text column, which are often far fewer than its cells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.descriptions import CellProblem
from training.tables.printable import printable

_SAMPLE_CELLS = 2000
MIN_SHARE = 0.95
"""Of the cells of a column that must have a kind for the column to have it."""


def sample(values: pa.Array) -> list[str]:
    """Up to 2,000 non-missing cells, evenly spaced, always the same ones."""
    present = values.drop_null()
    step = max(1, -(-len(present) // _SAMPLE_CELLS))
    cells: list[str] = present.take(pa.array(np.arange(0, len(present), step))).to_pylist()
    return cells


def most(values: Sequence[str], has_kind: Callable[[str], bool]) -> bool:
    """Whether enough of a sample has a kind for a look at all cells to be worthwhile."""
    return bool(values) and sum(map(has_kind, values)) >= 0.8 * len(values)


@dataclass(frozen=True)
class DistinctTexts:
    """The distinct texts of a column without its missing cells."""

    encoded: pa.DictionaryArray

    @classmethod
    def of(cls, values: pa.Array) -> "DistinctTexts":
        return cls(values.dictionary_encode())

    @cached_property
    def texts(self) -> list[str]:
        texts: list[str] = self.encoded.dictionary.to_pylist()
        return texts

    @cached_property
    def counts(self) -> Sequence[int]:
        """Number of cells of each text."""
        indices = self.encoded.indices.drop_null().to_numpy()
        return [int(count) for count in np.bincount(indices, minlength=len(self.texts))]

    @property
    def num_cells(self) -> int:
        return len(self.encoded) - int(self.encoded.null_count)

    def count(self, parsed: Sequence[Any]) -> int:
        """Number of cells whose text was parsed to something."""
        both = zip(parsed, self.counts, strict=True)
        return sum(count for value, count in both if value is not None)

    def expanded(self, parsed: Sequence[Any], kind: pa.DataType) -> pa.Array:
        """The column with each text replaced by the value it was parsed to."""
        return pa.array(parsed, kind).take(self.encoded.indices)

    def problem(self, is_fault: Sequence[bool]) -> CellProblem | None:
        """The first cell whose text is at fault, and the number of all such cells."""
        if not any(is_fault):
            return None
        faults = pa.array(is_fault, pa.bool_()).take(self.encoded.indices)
        row = int(pc.index(faults, value=True).as_py())
        text = self.texts[self.encoded.indices[row].as_py()]
        return CellProblem(row=row + 1, text=printable(text), num_cells=int(pc.sum(faults).as_py()))
