"""The modality transformation of a DICOM image: from stored values to those of the device (PS3.3 C.11.1)."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from serving.images.dicom.attributes import finite_number, first_item
from serving.images.dicom.frame_attributes import holders
from serving.images.dicom.lookup import table_of
from serving.images.dicom.reading import DicomFile

Levels = np.ndarray[Any, np.dtype[Any]]


class Transform(Protocol):
    def apply(self, values: Levels, /) -> Levels: ...


@dataclass(frozen=True, kw_only=True)
class Rescale:
    slope: float = 1.0
    intercept: float = 0.0

    def apply(self, values: Levels, /) -> Levels:
        if (self.slope, self.intercept) == (1.0, 0.0):
            return values
        # Integers of 32 bits do not fit into float32.
        dtype = np.dtype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
        slope, intercept = np.array([self.slope, self.intercept], dtype)
        return np.asarray(values.astype(dtype) * slope + intercept)


def modality_transform(file: DicomFile, index: int, notes: list[str]) -> Transform:
    """Of frame `index`: its look-up table if it has a usable one, else its slope and intercept."""
    item = first_item(file.dataset, "ModalityLUTSequence")
    if item is not None:
        table = table_of(item, is_little_endian=file.is_little_endian)
        if table is not None:
            return table
        notes.append("the modality LUT has no usable descriptor: it is not applied")
    for holder in holders(file.dataset, index, "PixelValueTransformationSequence"):
        slope = finite_number(holder, "RescaleSlope")
        intercept = finite_number(holder, "RescaleIntercept")
        if slope and intercept is not None:
            return Rescale(slope=slope, intercept=intercept)
    return Rescale()
