"""Keeps encoded rows on disk, to be read in batches as often as needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.tables.columns.row_codes import Codes
from training.tables.labels import Floats
from training.tables.large.hash_parts import is_kept
from training.tables.learners.inputs import LARGEST

Records = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class EncodedRows:
    """A batch: features, float32 (num_rows, num_features), targets and keys, both (num_rows,)."""

    values: npt.NDArray[np.float32]
    targets: Floats
    keys: Codes


class FeatureFile:
    """The encoded rows of one part, in one file that is only written at its end.

    The features are in single precision, in which XGBoost learns; nothing is mapped into memory.
    """

    def __init__(self, path: Path, num_features: int) -> None:
        self.path = path
        self.num_rows = 0
        self._type = np.dtype(
            [("values", "<f4", (num_features,)), ("target", "<f8"), ("key", "<u8")]
        )

    def append(self, values: Floats, targets: Floats, keys: Codes) -> None:
        """Add rows. Raises OSError if the disk is full."""
        records = np.empty(len(values), self._type)
        records["values"] = np.clip(values, -LARGEST, LARGEST)
        records["target"] = targets
        records["key"] = keys
        with self.path.open("ab") as file:
            records.tofile(file)
        self.num_rows += len(values)

    def batches(self, batch_rows: int, share: float = 1.0) -> Iterator[EncodedRows]:
        """All rows, or a sample of whole groups of this share, up to `batch_rows` at a time."""
        if not self.num_rows:
            return
        with self.path.open("rb") as file:
            while len(records := np.fromfile(file, self._type, batch_rows)):
                kept = records if share >= 1 else records[is_kept(records["key"], share)]
                if len(kept):
                    yield _rows(kept)


def _rows(records: Records) -> EncodedRows:
    values = np.ascontiguousarray(records["values"])
    return EncodedRows(values, records["target"].copy(), records["key"].copy())
