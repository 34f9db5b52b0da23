"""Shows the indices of a PALETTE COLOR image as RGB."""

from dataclasses import dataclass

import numpy as np
from pydicom.pixels.processing import apply_color_lut

from serving.images.dicom.lookup import LookupTable, descriptor_of, palette_table_of
from serving.images.dicom.reading import DicomFile
from serving.images.dicom.stored import Frame
from serving.images.image import Pixels
from serving.images.refusal import unreadable

_COLOURS = ("Red", "Green", "Blue")


@dataclass(frozen=True)
class Palette:
    tables: tuple[LookupTable, ...]
    """Of red, green and blue, with entries of 8 bits."""

    @classmethod
    def of(cls, file: DicomFile) -> "Palette":
        """Raises Refusal if the file has no usable palette."""
        if "SegmentedRedPaletteColorLookupTableData" in file.dataset:
            return cls(_segmented(file))
        tables = [
            palette_table_of(file.dataset, colour, is_little_endian=file.is_little_endian)
            for colour in _COLOURS
        ]
        found = tuple(_with_eight_bits(table) for table in tables if table is not None)
        if len(found) < len(_COLOURS):
            raise unreadable("The palette of this DICOM image is incomplete. Export it again.")
        return cls(found)

    def rgb(self, frame: Frame) -> Pixels:
        """Indices [H, W] as RGB, uint8 [H, W, 3]."""
        return np.stack([table.apply(frame) for table in self.tables], axis=-1)


def _segmented(file: DicomFile) -> tuple[LookupTable, ...]:
    descriptor = descriptor_of(file.dataset, "RedPaletteColorLookupTableDescriptor")
    if descriptor is None:
        raise unreadable("The palette of this DICOM image is incomplete. Export it again.")
    num_entries, first, bits = descriptor
    dataset = file.dataset
    dataset.set_original_encoding(file.is_implicit, file.is_little_endian)
    indices = np.arange(first, first + min(num_entries, 2**bits), dtype=np.int32)
    entries = apply_color_lut(indices, dataset)
    return tuple(
        _with_eight_bits(LookupTable(first=first, entries=entries[:, channel], bits=bits))
        for channel in range(3)
    )


def _with_eight_bits(table: LookupTable) -> LookupTable:
    entries = table.entries
    # Some files have levels of 8 bits in words of 16.
    if entries.dtype.itemsize > 1 and entries.max() > 255:
        entries = entries >> 8
    return LookupTable(first=table.first, entries=entries.astype(np.uint8), bits=8)
