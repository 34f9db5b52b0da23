"""Draws maps and masks over images of a bounded size, and writes PNG files."""

import io
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image

from serving.explanation.area import Area
from serving.images.image import Pixels

Array = np.ndarray[Any, Any]

LONGEST_SIDE = 1024
COLOUR_MAP = "viridis"
"""Perceptually uniform, safe for the colour-blind, and apart from the red of a fundus."""
LARGEST_OPACITY = 0.65
COMPRESSION = 3
"""Of PNG; higher levels take several times as long for a few per cent."""


def shown_image(image: Pixels) -> Pixels:
    """`image` [H, W, 3] with at most 1024 pixels on the longer side; never enlarged."""
    height, width = image.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


def map_over_image(values: Array, seen: Area, height: int, width: int) -> Array:
    """The map [h, w] of the part `seen` of an image, enlarged to float32 [height, width]; NaN elsewhere."""
    top, bottom = _edges(seen.top, seen.bottom, height)
    left, right = _edges(seen.left, seen.right, width)
    enlarged = Image.fromarray(values.astype(np.float32)).resize(
        (right - left, bottom - top), Image.Resampling.BICUBIC
    )
    over_image = np.full((height, width), np.nan, np.float32)
    # Beside a peak, cubic interpolation gives values below zero.
    over_image[top:bottom, left:right] = np.maximum(np.asarray(enlarged), 0)
    return over_image


def map_png(strength: Array) -> bytes:
    """Grey PNG of a map [H, W] from 0 to 1; NaN becomes transparent."""
    grey = _to_bytes(np.nan_to_num(strength))
    opacity = np.where(np.isnan(strength), 0, 255).astype(np.uint8)
    return png(np.dstack([grey, opacity]))


def overlay(image: Pixels, strength: Array) -> Pixels:
    """The map [H, W] from 0 to 1 in colours over `image` [H, W, 3].

    The opacity grows with the strength, so the image stays as it is where the map is 0 or NaN.
    """
    known = np.nan_to_num(strength)
    colours = mpl.colormaps[COLOUR_MAP](known, bytes=True)[..., :3]
    opacity = (LARGEST_OPACITY * known)[..., None]
    drawn: Pixels = (image * (1 - opacity) + colours * opacity).round().astype(np.uint8)
    return drawn


def png(pixels: Array) -> bytes:
    """PNG file of uint8 pixels: [H, W] grey, [H, W, 2] grey with opacity, [H, W, 3] RGB."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=COMPRESSION)
    return file.getvalue()


def _edges(start: float, end: float, num_pixels: int) -> tuple[int, int]:
    first = min(round(start * num_pixels), num_pixels - 1)
    return first, max(first + 1, round(end * num_pixels))


def _to_bytes(strength: Array) -> Pixels:
    return (strength * 255).round().astype(np.uint8)
