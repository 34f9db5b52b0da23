"""Look-up tables of DICOM (PS3.3 C.11.1.1.1), also damaged ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

Values = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, kw_only=True)
class LookupTable:
    first: int
    """The value that the first entry is for; lower ones get it too."""
    entries: Values
    """Unsigned, not empty."""
    bits: int
    """Of an entry."""

    def apply(self, values: Values) -> Values:
        """The entries for integers of any shape; values above the last entry get the last."""
        # Wider than the values, so that the subtraction cannot overflow.
        index = values.astype(np.int64) - self.first
        return np.asarray(self.entries[index.clip(0, len(self.entries) - 1)])


def table_of(item: Dataset, *, is_little_endian: bool) -> LookupTable | None:
    """The table of an item of a LUT sequence; None if it has no usable descriptor or no data."""
    return _table(item, "LUTDescriptor", "LUTData", is_little_endian=is_little_endian)


def palette_table_of(
    dataset: Dataset, colour: str, *, is_little_endian: bool
) -> LookupTable | None:
    """The table of one colour of a palette that is not segmented."""
    name = f"{colour}PaletteColorLookupTable"
    return _table(dataset, f"{name}Descriptor", f"{name}Data", is_little_endian=is_little_endian)


def descriptor_of(dataset: Dataset, keyword: str) -> tuple[int, int, int] | None:
    """Number of entries, first value and bits; None if it is absent, empty or damaged."""
    try:
        num_entries, first, bits = (int(value) for value in dataset.get(keyword) or ())
    except (TypeError, ValueError):
        return None
    # Zero stands for 65,536, which 16 bits cannot hold.
    num_entries = num_entries % 2**16 or 2**16
    return (num_entries, first, bits) if 1 <= bits <= 16 else None


def _table(
    dataset: Dataset, descriptor_keyword: str, data_keyword: str, *, is_little_endian: bool
) -> LookupTable | None:
    descriptor = descriptor_of(dataset, descriptor_keyword)
    if descriptor is None or data_keyword not in dataset:
        return None
    num_entries, first, bits = descriptor
    entries = _entries(dataset[data_keyword].value, num_entries, is_little_endian=is_little_endian)
    if len(entries) == 0:
        return None
    return LookupTable(first=first, entries=entries[:num_entries], bits=bits)


def _entries(data: Any, num_entries: int, *, is_little_endian: bool) -> Values:
    if not isinstance(data, bytes):
        numbers = data if hasattr(data, "__len__") else [data]
        return np.array([number or 0 for number in numbers], np.int64).clip(0).astype(np.uint16)
    # Tables of 8 bits have an entry in each byte, or in each word.
    if len(data) < 2 * num_entries:
        return np.frombuffer(data, np.uint8)
    return np.frombuffer(data[: len(data) // 2 * 2], "<u2" if is_little_endian else ">u2")
