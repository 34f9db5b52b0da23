"""Draws some images beside their true and their predicted masks, with a legend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from training.data.mask_folder import IGNORED

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_TILE_PX = 160
_GAP_PX = 4
_LINE_PX = 18
_OPACITY = 0.6
_PAPER, _INK, _IGNORED = (255, 255, 255), (20, 32, 43), (128, 128, 128)
_LONGEST_NAME = 28
_HEADINGS = ("image", "truth", "prediction")
# The palette of Okabe and Ito (2008), which colour-blind readers can tell apart, then lighter hues.
_COLOURS = (
    *((86, 180, 233), (240, 228, 66), (0, 158, 115), (204, 121, 167), (255, 255, 255)),
    *((0, 114, 178), (230, 159, 0), (213, 94, 0), (170, 110, 255), (120, 230, 120)),
    *((255, 150, 150), (130, 255, 255)),
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One image: RGB uint8 [S, S, 3], and class positions uint8 [S, S]."""

    image: Pixels
    truth: Pixels
    prediction: Pixels


def segmentation_picture(samples: Sequence[Sample], classes: Sequence[str]) -> Pixels:
    """RGB pixels [H, W, 3]: a row for each sample, and a line of the legend for each class shown."""
    shown = _shown_classes(samples, len(classes))
    width = 3 * _TILE_PX + 4 * _GAP_PX
    rows = _LINE_PX + len(samples) * (_TILE_PX + _GAP_PX)
    sheet = Image.new("RGB", (width, rows + _GAP_PX + len(shown) * _LINE_PX + _GAP_PX), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=12)
    for column, heading in enumerate(_HEADINGS):
        draw.text((_left(column), 2), heading, _INK, font)
    for row, sample in enumerate(samples):
        masked = [_overlay(sample.image, mask) for mask in (sample.truth, sample.prediction)]
        for column, pixels in enumerate((sample.image, *masked)):
            tile = Image.fromarray(pixels).resize((_TILE_PX, _TILE_PX), Image.Resampling.BILINEAR)
            sheet.paste(tile, (_left(column), _LINE_PX + row * (_TILE_PX + _GAP_PX)))
    for line, index in enumerate(shown):
        top = rows + _GAP_PX + line * _LINE_PX
        box = (_GAP_PX, top + 2, _GAP_PX + 12, top + 14)
        draw.rectangle(box, fill=_colour(index), outline=_INK)
        draw.text((_GAP_PX + 20, top + 1), _shortened(classes[index]), _INK, font)
    return np.asarray(sheet)


def _left(column: int) -> int:
    return _GAP_PX + column * (_TILE_PX + _GAP_PX)


def _shown_classes(samples: Sequence[Sample], num_classes: int) -> list[int]:
    """The classes, but the background, that are in a mask."""
    found = {
        int(level)
        for sample in samples
        for mask in (sample.truth, sample.prediction)
        for level in np.unique(mask)
    }
    return [index for index in range(1, num_classes) if index in found]


def _overlay(image: Pixels, mask: Pixels) -> Pixels:
    levels = np.zeros((256, 3), np.float32)
    for index in range(1, 256):
        levels[index] = _IGNORED if index == IGNORED else _colour(index)
    opacity = np.where(mask > 0, _OPACITY, 0.0)[..., None]
    blended = image * (1 - opacity) + levels[mask] * opacity
    pixels: Pixels = blended.astype(np.uint8)
    return pixels


def _colour(index: int) -> tuple[int, int, int]:
    return _COLOURS[(index - 1) % len(_COLOURS)]


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
