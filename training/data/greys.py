"""Converts grey levels of any depth to 8 bits, so that black stays black and white becomes white."""

from dataclasses import dataclass
from typing import Any

import numpy as np

USUAL_BITS = (8, 10, 12, 14, 16, 24, 32)
MID_GREY = 128

Levels = np.ndarray[tuple[Any, ...], np.dtype[Any]]
Grey = np.ndarray[tuple[Any, ...], np.dtype[np.uint8]]


@dataclass(frozen=True, kw_only=True)
class DeclaredLevels:
    """What a file says about its levels."""

    lowest: float | None = None
    highest: float | None = None
    most_bits: int = 32
    """The bits of a level without its sign."""
    white_is_zero: bool = False


class NotFiniteError(ValueError):
    """Some levels are no numbers."""


@dataclass(frozen=True, kw_only=True)
class LevelRange:
    """The levels that become black and white."""

    black: float
    white: float


def to_eight_bits(levels: Levels, declared: DeclaredLevels) -> Grey:
    """Levels of any type and shape as uint8. Raises NotFiniteError if one is NaN or infinite."""
    if not np.isfinite(levels).all():
        raise NotFiniteError("levels that are no numbers")
    scale = level_range(levels, declared)
    if scale.white <= scale.black:
        return np.full(levels.shape, MID_GREY, np.uint8)
    share = (levels.astype(np.float32) - scale.black) / (scale.white - scale.black)
    grey: Grey = np.rint(share.clip(0, 1) * 255).astype(np.uint8)
    return 255 - grey if declared.white_is_zero else grey


def level_range(levels: Levels, declared: DeclaredLevels) -> LevelRange:
    """The range that the file declares, if its levels are in it.

    Else, for integers, from 0 to the highest level of the fewest usual bits that hold all levels.
    For fractions, 0 to 1 or -1 to 1 if they hold all levels, else as for integers. Otherwise, negative
    levels give the range from the lowest to the highest.
    """
    lowest, highest = float(levels.min()), float(levels.max())
    black = 0.0 if declared.lowest is None else declared.lowest
    if declared.highest is not None and black <= lowest and black < highest <= declared.highest:
        return LevelRange(black=black, white=declared.highest)
    is_fraction = np.issubdtype(levels.dtype, np.floating)
    if is_fraction and lowest >= -1 and highest <= 1:
        return LevelRange(black=-1.0 if lowest < 0 else 0.0, white=1.0)
    if lowest < 0:
        return LevelRange(black=lowest, white=highest)
    return LevelRange(black=0.0, white=usual_maximum(highest, declared.most_bits))


def usual_maximum(highest: float, most_bits: int = 32) -> float:
    """The highest level of the fewest usual bits that hold `highest`; itself if none do."""
    maxima = (float(2 ** min(bits, most_bits) - 1) for bits in USUAL_BITS)
    return next((maximum for maximum in maxima if highest <= maximum), highest)
