"""A decoded file: its images as RGB pixels, and the few facts about it that are no identifiers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
"""RGB, uint8 [H, W, 3]."""


class Laterality(StrEnum):
    RIGHT = "right"
    LEFT = "left"


class Modality(StrEnum):
    FUNDUS = "fundus"
    OCT = "oct"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class DecodedFile:
    """One file of a request. An OCT volume has many frames, all of one size."""

    frames: tuple[Pixels, ...]
    format: str
    """Such as DICOM, PNG, JPEG, TIFF, WebP or Heidelberg E2E."""
    laterality: Laterality | None = None
    """From the file's own tags."""
    modality: Modality | None = None
    """By the file itself: of DICOM, by its SOP class, else by its Modality."""
    pixel_spacing_mm: tuple[float, float] | None = None
    """Row and column spacing."""
    notes: tuple[str, ...] = ()
    """Decisions of the decoder, such as "window width 0: shown from minimum to maximum"."""
