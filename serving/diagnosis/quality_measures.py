"""Measures what makes a photograph or a scan of the retina hard to grade, from its pixels alone."""

from dataclasses import dataclass

import numpy as np

from serving.diagnosis.pixels import Mask, Plane, box_mean, eroded, luminance, shrink
from serving.images.image import Pixels

WORKING_SIDE_PX = 256
"""Images are shrunk to this short side first, so that the work is bounded and limits hold for any size."""
BLUR_WINDOW = 9 / 256
"""Width of the window of `blur`, as a fraction of the short side."""
FIELD_LEVEL = 12
"""A pixel whose brightest channel is above this belongs to the field of view."""
SATURATED_LEVEL = 245
STEP = 1.0
"""Differences of neighbours up to this say nothing about the sharpness."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Measures of one image; fractions are from 0 to 1, levels from 0 to 255."""

    brightness: float
    """The 95th percentile of the luminance."""
    saturated: float
    """Fraction of the field that is white."""
    blur: float
    """0 for the sharpest image, 1 for one without any detail."""
    field: float
    """Fraction of the image that the field of view covers."""
    shadow: float
    """Fraction of the disc of the field of view that is dark."""
    cut: float
    """Fraction of the columns of a scan in which the retina touches the upper or lower edge."""
    blank: float
    """Fraction of the rows or columns across the field that have one single colour."""


def measure_fundus(image: Pixels) -> Measures:
    """RGB [H, W, 3] of a fundus photograph, of any size."""
    small = shrink(image, WORKING_SIDE_PX)
    light = luminance(small)
    field: Mask = small.max(axis=2) > FIELD_LEVEL
    return Measures(
        brightness=float(np.percentile(light, 95)),
        saturated=_mean(light[field] >= SATURATED_LEVEL),
        # Vessels have their contrast in the green channel.
        blur=_blur(small[..., 1].astype(np.float32), field),
        field=float(field.mean()),
        shadow=_shadow(light, field),
        cut=0.0,
        blank=_blank(light, field),
    )


def measure_oct(image: Pixels) -> Measures:
    """RGB [H, W, 3] of one B-scan, of any size: the vitreous above, the choroid below."""
    small = shrink(image, WORKING_SIDE_PX)
    light = luminance(small)
    everywhere = np.ones(light.shape, np.bool_)
    return Measures(
        brightness=float(np.percentile(light, 95)),
        saturated=_mean(light >= SATURATED_LEVEL),
        blur=_blur(light, everywhere),
        field=1.0,
        shadow=0.0,
        cut=_cut(light),
        blank=_blank_columns(light),
    )


def _mean(claims: Mask) -> float:
    return float(claims.mean()) if claims.size else 0.0


def _blur(plane: Plane, field: Mask) -> float:
    """How little a second blur changes: the measure of Crete et al. 2007, "The blur effect", in the field.

    It compares the differences of neighbours before and after an average over a window, so that it
    does not depend on the contrast. The edge of the field is left out: it is sharp in any photograph.
    """
    radius = max(1, round(BLUR_WINDOW * min(plane.shape) / 2 - 0.5))
    inside = eroded(field, radius + 1)
    if not inside.any():
        inside = np.ones(plane.shape, np.bool_)
    return max(_blur_along(plane, inside, radius, axis) for axis in (0, 1))


def _blur_along(plane: Plane, inside: Mask, radius: int, axis: int) -> float:
    before = np.abs(np.diff(plane, axis=axis))
    after = np.abs(np.diff(box_mean(plane, radius, axis=axis), axis=axis))
    # Steps of one level are the rounding of a smooth slope.
    weights = np.delete(inside, -1, axis=axis) & (before > STEP)
    total = float(before[weights].sum())
    if total <= 0:
        return 1.0
    return 1.0 - float(np.maximum(0, before - after)[weights].sum()) / total


def _shadow(light: Plane, field: Mask) -> float:
    """Of the largest ellipse in the field's bounding box: darker than a quarter of its median."""
    rows, columns = np.flatnonzero(field.any(axis=1)), np.flatnonzero(field.any(axis=0))
    if not len(rows):
        return 1.0
    box = light[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    y, x = (np.linspace(-1, 1, size)[:, None] for size in box.shape)
    disc = box[y**2 + x.T**2 <= 0.9]
    return float((disc < np.median(disc) / 4).mean()) if disc.size else 1.0


def _cut(light: Plane) -> float:
    """The brightest part of a column, a mean over 1/32 of the height, at the upper or lower edge."""
    height = light.shape[0]
    radius = max(1, height // 64)
    band = box_mean(light, radius, axis=0).argmax(axis=0)
    margin = max(1, height // 32)
    return float(((band < margin) | (band >= height - margin)).mean())


def _blank(light: Plane, field: Mask) -> float:
    """Fraction of the rows of one colour, such as after the end of a broken file.

    Of the rows that cross at least half of the field's width.
    """
    width = field.any(axis=0).sum()
    crossing = field.sum(axis=1) >= max(1, width // 2)
    spread = np.where(field, light, np.nan)[crossing]
    if not len(spread):
        return 0.0
    return float((np.nanmax(spread, axis=1) - np.nanmin(spread, axis=1) < 1).mean())


def _blank_columns(light: Plane) -> float:
    """Of the columns between the first and the last one with a signal, or of the rows with a signal."""
    columns = np.ptp(light, axis=0) < 1
    signal = np.flatnonzero(~columns)
    inner = columns[signal[0] : signal[-1] + 1] if len(signal) else columns
    rows = (np.ptp(light, axis=1) < 1) & (light.mean(axis=1) > FIELD_LEVEL)
    return max(float(inner.mean()), float(rows.mean()))
