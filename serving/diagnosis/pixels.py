"""Prepares an image for simple measures: shrinks it to a bounded size, averages it over boxes."""

from typing import Any

import numpy as np
from PIL import Image

from serving.images.image import Pixels

Plane = np.ndarray[Any, np.dtype[np.float32]]
"""Float32 [H, W]."""
Mask = np.ndarray[Any, np.dtype[np.bool_]]
"""[H, W]."""

MAX_ASPECT = 4

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
"""Rec. ITU-R BT.601."""


def shrink(image: Pixels, short_side_px: int) -> Pixels:
    """The image with its short side at most `short_side_px`, and its long side at most 4 times that.

    Each pixel is the mean of those that it stands for. A smaller image keeps its size.
    """
    height, width = image.shape[:2]
    scale = min(
        short_side_px / min(height, width),
        short_side_px * MAX_ASPECT / max(height, width),
    )
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def luminance(image: Pixels) -> Plane:
    """From 0 to 255."""
    plane: Plane = image.astype(np.float32) @ _LUMINANCE
    return plane


def box_mean(plane: Plane, radius_px: int, *, axis: int) -> Plane:
    """The mean of each pixel and of `radius_px` pixels on either side along the axis."""
    padded = np.pad(np.moveaxis(plane, axis, -1), [(0, 0), (radius_px + 1, radius_px)], mode="edge")
    sums = padded.cumsum(axis=-1, dtype=np.float64)
    width = 2 * radius_px + 1
    means = (sums[:, width:] - sums[:, :-width]) / width
    result: Plane = np.moveaxis(means, -1, axis).astype(np.float32)
    return result


def eroded(mask: Mask, radius_px: int) -> Mask:
    """The pixels of the mask that are at least `radius_px` away from its edge and from the image's.

    Distance along rows and columns.
    """
    padded = np.pad(mask, radius_px).astype(np.float32)
    for axis in (0, 1):
        padded = (box_mean(padded, radius_px, axis=axis) > 1 - 1e-4).astype(np.float32)
    inner = slice(radius_px, -radius_px) if radius_px else slice(None)
    result: Mask = padded[inner, inner] > 0
    return result
