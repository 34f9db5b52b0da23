"""The window or VOI LUT of a DICOM image: from the device's values to shares of white (PS3.3 C.11.2)."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

import numpy as np

from serving.images.dicom.attributes import code, finite_number, first_item
from serving.images.dicom.frame_attributes import holders
from serving.images.dicom.lookup import LookupTable, table_of
from serving.images.dicom.modality_transform import Levels
from serving.images.dicom.reading import DicomFile


class Scale(Protocol):
    def share(self, levels: Levels, /) -> Levels:
        """The share of white, from 0 to 1."""


class NoScale(Enum):
    ABSENT = auto()
    NOT_POSITIVE = auto()
    """The width is 0 or less."""


@dataclass(frozen=True, kw_only=True)
class Range:
    """From `black` to `white`; a single level is shown as mid-grey, as the training does."""

    black: float
    white: float

    def share(self, levels: Levels, /) -> Levels:
        if self.white <= self.black:
            return np.full(levels.shape, 128 / 255, np.float32)
        share = (levels.astype(np.float64) - self.black) / (self.white - self.black)
        return np.asarray(share.clip(0, 1))


@dataclass(frozen=True, kw_only=True)
class Window:
    center: float
    width: float
    function: str
    """LINEAR, LINEAR_EXACT or SIGMOID."""

    def share(self, levels: Levels, /) -> Levels:
        values = levels.astype(np.float64)
        if self.function == "SIGMOID":
            exponent = (-4 * (values - self.center) / self.width).clip(-500, 500)
            return np.asarray(1 / (1 + np.exp(exponent)))
        # LINEAR is only defined for a width of at least 1.
        if self.function == "LINEAR_EXACT" or self.width < 1:
            center, width = self.center, self.width
        else:
            center, width = self.center - 0.5, self.width - 1
        if width == 0:
            return np.asarray((values > center).astype(np.float64))
        return np.asarray(((values - center) / width + 0.5).clip(0, 1))


@dataclass(frozen=True)
class VoiTable:
    table: LookupTable

    def share(self, levels: Levels, /) -> Levels:
        return np.asarray(self.table.apply(levels).astype(np.float32) / (2**self.table.bits - 1))


def scale_of(file: DicomFile, index: int, notes: list[str]) -> Scale | NoScale:
    """Of frame `index`: the first VOI LUT if it is usable, else the first window."""
    for holder in holders(file.dataset, index, "FrameVOILUTSequence"):
        item = first_item(holder, "VOILUTSequence")
        if item is not None:
            table = table_of(item, is_little_endian=file.is_little_endian)
            if table is not None:
                return VoiTable(table)
            notes.append("the VOI LUT has no usable descriptor: it is not applied")
        center, width = (
            finite_number(holder, "WindowCenter"),
            finite_number(holder, "WindowWidth"),
        )
        if center is not None and width is not None:
            if width <= 0:
                return NoScale.NOT_POSITIVE
            function = code(holder, "VOILUTFunction") or "LINEAR"
            return Window(center=center, width=width, function=function)
    return NoScale.ABSENT
