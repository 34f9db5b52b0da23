"""Degrades an image as a failed photograph does; each function draws its strength from `random`.

Lengths are fractions of the side of the image, so that they mean the same at any size.
"""

import io
import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.recipes.quality.classes import Reason

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
"""RGB, uint8 [S, S, 3]."""
Random = np.random.Generator

BLUR_RADII = (0.015, 0.05)
DARK_GAINS = (0.08, 0.35)
BRIGHT_GAINS = (2.0, 4.0)
LEAST_SATURATED = 0.3
"""Of what is lit. Twice the brightness of a dark photograph alone is a good photograph."""
_DARK = 10 / 255
MISSING_FIELDS = (0.3, 0.55)
JPEG_QUALITIES = (4, 15)


def degrade(image: Pixels, reason: Reason, random: Random) -> Pixels:
    """A copy of the image that is not gradable for the reason."""
    return _DEGRADATIONS[reason](image, random)


def blur(image: Pixels, random: Random) -> Pixels:
    """Out of focus: a Gaussian whose deviation is 1.5 to 5 % of the side."""
    radius = random.uniform(*BLUR_RADII) * len(image)
    return np.array(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


def underexpose(image: Pixels, random: Random) -> Pixels:
    """Too dark, with the noise of an amplified sensor."""
    noise = random.normal(0, 0.015, image.shape)
    return _from_unit(_to_unit(image) * random.uniform(*DARK_GAINS) + noise)


def overexpose(image: Pixels, random: Random) -> Pixels:
    """Too bright, so that bright parts have no detail; the black around a fundus stays black."""
    values = _to_unit(image)
    return _from_unit(values * max(random.uniform(*BRIGHT_GAINS), _saturating_gain(values)))


def cut_field(image: Pixels, random: Random) -> Pixels:
    """30 to 55 % of the width is missing from one side, by a lid, a shadow or a wrong alignment."""
    angle = random.uniform(0, 2 * math.pi)
    x, y = _unit_grid(len(image))
    along = (x - 0.5) * math.cos(angle) + (y - 0.5) * math.sin(angle) + 0.5
    edge, softness = 1 - random.uniform(*MISSING_FIELDS), random.uniform(0.01, 0.06)
    visible = 1 / (1 + np.exp(np.clip((along - edge) / softness, -50, 50)))
    return _from_unit(_to_unit(image) * visible[..., None])


def add_artefact(image: Pixels, random: Random) -> Pixels:
    """Reflections, lashes, stripes or the blocks of a strong JPEG compression."""
    kinds = (_add_reflections, _add_lashes, _add_stripes, _compress)
    return kinds[random.integers(len(kinds))](image, random)


_DEGRADATIONS: dict[Reason, Callable[[Pixels, Random], Pixels]] = {
    Reason.BLUR: blur,
    Reason.UNDEREXPOSED: underexpose,
    Reason.OVEREXPOSED: overexpose,
    Reason.FIELD: cut_field,
    Reason.ARTEFACT: add_artefact,
}


def _saturating_gain(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """The gain that saturates a channel of LEAST_SATURATED of the lit pixels; 0 if none is lit."""
    brightest = values.max(axis=2)
    lit = brightest[brightest > _DARK]
    return float(1 / np.quantile(lit, 1 - LEAST_SATURATED)) if len(lit) else 0.0


def _add_reflections(image: Pixels, random: Random) -> Pixels:
    values = _to_unit(image)
    x, y = _unit_grid(len(image))
    for _ in range(random.integers(2, 6)):
        centre_x, centre_y = random.uniform(0.1, 0.9, 2)
        size = random.uniform(0.06, 0.2)
        spot = np.exp(-((x - centre_x) ** 2 + (y - centre_y) ** 2) / (2 * size**2))
        values = values + spot[..., None] * random.uniform(0.5, 1.0)
    return _from_unit(values)


def _add_lashes(image: Pixels, random: Random) -> Pixels:
    drawn = Image.fromarray(image)
    pen, side = ImageDraw.Draw(drawn), len(image)
    is_upper = random.random() < 0.5
    for _ in range(random.integers(8, 20)):
        start, end = random.uniform(0, side), random.uniform(0, side)
        depth = random.uniform(0.3, 0.7) * side
        rows = (0, depth) if is_upper else (side, side - depth)
        width = max(1, round(random.uniform(0.01, 0.03) * side))
        pen.line([(start, rows[0]), (end, rows[1])], fill=(8, 6, 5), width=width)
    return np.array(drawn)


def _add_stripes(image: Pixels, random: Random) -> Pixels:
    period, phase = random.uniform(0.03, 0.12), random.uniform(0, 2 * math.pi)
    _, y = _unit_grid(len(image))
    waves = 0.5 * np.sin(2 * math.pi * y / period + phase) * random.uniform(0.6, 1.0)
    return _from_unit(_to_unit(image) + waves[..., None] * 0.5)


def _compress(image: Pixels, random: Random) -> Pixels:
    file = io.BytesIO()
    quality = int(random.integers(JPEG_QUALITIES[0], JPEG_QUALITIES[1] + 1))
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    with Image.open(file) as compressed:
        return np.array(compressed.convert("RGB"))


def _unit_grid(side: int) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
    """Coordinates x and y of the pixel centres, from 0 to 1, each [S, S]."""
    centres = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(centres, centres)
    return x, y


def _to_unit(image: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return image.astype(np.float64) / 255


def _from_unit(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Pixels:
    return np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
