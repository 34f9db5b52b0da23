"""Tells a fundus photograph and an OCT scan from any other image, by a few measures of its pixels.

Each measure has a limit that the kind of image keeps. The limits come from photographs and scans of
one public data set, from drawn images and from everyday pictures, see docs/diagnosis.md.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from serving.diagnosis.pixels import Mask, Plane, box_mean, luminance
from serving.diagnosis.quality_measures import FIELD_LEVEL
from serving.images.image import Modality, Pixels

SIDE_PX = 96
"""Images are stretched to a square of this side first."""
DARKEST_BRIGHTNESS = 18.5
"""An image whose 95th percentile of the luminance is below this is too dark to tell."""

SMALLEST_SIDE_PX = 32
"""A smaller image is no retina that anybody could grade."""

_CORNER_PX = 6
_DARK_CORNER = 30.0


@dataclass(frozen=True, kw_only=True)
class ModalityMeasurement:
    """`modality` is None if the image is too dark to tell."""

    modality: Modality | None
    confidence: float
    """0.5 if a measure is at its limit, 1 if all are far from it. No probability."""


def measure_modality(image: Pixels) -> ModalityMeasurement:
    """What RGB pixels [H, W, 3] look like."""
    if min(image.shape[:2]) < SMALLEST_SIDE_PX:
        return ModalityMeasurement(modality=Modality.OTHER, confidence=1.0)
    resized = Image.fromarray(image).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    pixels = np.asarray(resized).astype(np.float32)
    light = luminance(np.asarray(resized))
    if np.percentile(light, 95) < DARKEST_BRIGHTNESS:
        return ModalityMeasurement(modality=None, confidence=0.0)
    margins = {
        Modality.FUNDUS: max(_round_field(pixels, light), _full_frame(pixels, light)),
        Modality.OCT: _layers(pixels, light),
    }
    best = max(margins, key=lambda modality: margins[modality])
    margin = margins[best]
    return ModalityMeasurement(
        modality=best if margin > 0 else Modality.OTHER,
        confidence=0.5 + min(1.0, abs(margin)) / 2,
    )


def _above(value: float, limit: float, far: float) -> float:
    """The margin of a value that should be above `limit`: 0 there, 1 at `far`."""
    return (value - limit) / (far - limit)


def _round_field(pixels: Any, light: Plane) -> float:
    """A lit disc with black corners, red rather than blue, without hard edges."""
    field = _disc(0.95) & (pixels.max(axis=2) > FIELD_LEVEL)
    if not field.any():
        return -1.0
    return min(
        # One corner may hold a label.
        _above(-sorted(_corners(light))[2], -_DARK_CORNER, 0),
        _above(float(light[_disc(0.7)].mean()) - max(sorted(_corners(light))[:3]), 5, 40),
        _above(_warm_share(pixels, field), 0.1, 0.9),
        _above(-_edges(light, field), -0.3, -0.05),
        _above(-_spread_of_hue(pixels, field), -0.16, -0.03),
    )


def _full_frame(pixels: Any, light: Plane) -> float:
    """A retina that fills the image: one warm hue, some detail, without hard edges."""
    everywhere = np.ones(light.shape, np.bool_)
    edges = _edges(light, everywhere)
    return min(
        _above(_warm_share(pixels, everywhere), 0.95, 1),
        _above(float(np.median(_red_share(pixels))), 0.42, 0.6),
        _above(-_spread_of_hue(pixels, everywhere), -0.06, -0.02),
        _above(-edges, -0.15, -0.05),
        _above(edges, 0.008, 0.03),
    )


def _layers(pixels: Any, light: Plane) -> float:
    """Grey, dark for the most part, with a bright band that runs across without jumps."""
    smooth = box_mean(box_mean(light, 2, axis=0), 2, axis=1)
    band = smooth.argmax(axis=0)
    across = float(np.abs(np.diff(smooth, axis=1)).sum())
    down = float(np.abs(np.diff(smooth, axis=0)).sum())
    return min(
        _above(-float(np.abs(pixels[..., 0] - pixels[..., 2]).mean()), -6, 0),
        _above(-float(np.median(light)), -80, -20),
        _above(float(smooth.max(axis=0).mean() - np.median(light)), 40, 120),
        _above(down / (across + 1e-6), 1.05, 2),
        _above(-float((np.abs(np.diff(band)) > SIDE_PX / 16).mean()), -0.25, 0),
    )


def _disc(radius: float) -> Mask:
    y, x = np.ogrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]
    disc: Mask = x**2 + y**2 <= radius**2
    return disc


def _corners(light: Plane) -> list[float]:
    steps = np.arange(_CORNER_PX)
    triangle = np.add.outer(steps, steps) < _CORNER_PX
    flipped = (light, light[::-1], light[:, ::-1], light[::-1, ::-1])
    return [float(side[:_CORNER_PX, :_CORNER_PX][triangle].mean()) for side in flipped]


def _warm_share(pixels: Any, field: Mask) -> float:
    return float((pixels[..., 0] > pixels[..., 2] + 5)[field].mean())


def _red_share(pixels: Any) -> Plane:
    share: Plane = pixels[..., 0] / (pixels.sum(axis=2) + 1)
    return share


def _spread_of_hue(pixels: Any, field: Mask) -> float:
    return float(_red_share(pixels)[field].std())


def _edges(light: Plane, field: Mask) -> float:
    """The mean difference of neighbours relative to the mean brightness."""
    down = np.abs(np.diff(light, axis=0))[:, :-1]
    across = np.abs(np.diff(light, axis=1))[:-1]
    inside = field[:-1, :-1] & field[1:, :-1] & field[:-1, 1:]
    if not inside.any():
        return 1.0
    return float((down + across)[inside].mean() / (light[field].mean() + 1))
