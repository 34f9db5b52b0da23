"""Draws anti-aliased shapes and noise on NumPy arrays; all synthetic pictures consist of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from training.data.synthetic.structures import Structure

Array = NDArray[np.floating]
Colour = tuple[float, float, float]

HALF = 0.5
SUPERSAMPLING = 3
"""Masks are drawn this many times larger and averaged down, because PIL does not anti-alias."""


@dataclass
class Canvas:
    """A square RGB picture with values in [0, 1]; x grows to the right, y downwards, from -1 to 1."""

    size_px: int
    rgb: Array = field(init=False)
    x: Array = field(init=False)
    y: Array = field(init=False)
    structures: NDArray[np.uint8] = field(init=False)
    """Position in `Structure` of what each pixel shows, [H, W]."""

    def __post_init__(self) -> None:
        axis = ((np.arange(self.size_px) + 0.5) * 2 / self.size_px - 1).astype(np.float32)
        self.x, self.y = axis[None, :], axis[:, None]
        self.rgb = np.zeros((self.size_px, self.size_px, 3), np.float32)
        self.structures = np.zeros((self.size_px, self.size_px), np.uint8)

    def paint(self, mask: Array, colour: Colour) -> None:
        """Blend `colour` over the picture, with `mask` [H, W] as its opacity in [0, 1]."""
        self.rgb += mask[..., None] * (np.asarray(colour, np.float32) - self.rgb)

    def mark(self, mask: Array, structure: Structure) -> None:
        """Note that the pixels that `mask` [H, W] covers by half or more show `structure`."""
        self.structures[np.broadcast_to(mask >= HALF, self.structures.shape)] = structure.level

    def darken(self, mask: Array) -> None:
        """Reduce the brightness of each pixel by the fraction in `mask` [H, W]."""
        self.rgb *= 1 - mask[..., None]

    def to_image(self, *, mirrored: bool) -> Image.Image:
        """The picture as 8-bit RGB; mirrored, it shows the other eye."""
        pixels = (self.rgb.clip(0, 1) * 255).astype(np.uint8)
        return _image(pixels, mirrored=mirrored)

    def to_mask(self, *, mirrored: bool) -> Image.Image:
        """The structures as 8-bit grey levels."""
        return _image(self.structures, mirrored=mirrored)


def _image(pixels: NDArray[np.uint8], *, mirrored: bool) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels[:, ::-1] if mirrored else pixels))


@dataclass(frozen=True)
class Spot:
    """An ellipse: its centre, half its width, and the ratio of its height to its width."""

    x: float
    y: float
    radius: float
    tallness: float = 1.0


@dataclass(frozen=True)
class Stroke:
    """A line through `points` (N, 2); at its end its width is `width * taper`."""

    points: Array
    width: float
    taper: float = 1.0


def glow(canvas: Canvas, spot: Spot) -> Array:
    """Mask of a Gaussian; the spot's `radius` is its standard deviation."""
    distance = ((canvas.x - spot.x) / spot.radius) ** 2
    distance = distance + ((canvas.y - spot.y) / (spot.radius * spot.tallness)) ** 2
    return np.exp(-distance / 2).astype(np.float32)


def disc(canvas: Canvas, spot: Spot, *, edge: float = 0.15) -> Array:
    """Mask of a filled ellipse whose edge fades over the fraction `edge` of its radius."""
    across = (canvas.x - spot.x) / spot.radius
    down = (canvas.y - spot.y) / (spot.radius * spot.tallness)
    distance = np.sqrt(across**2 + down**2)
    return ((1 + edge / 2 - distance) / edge).clip(0, 1).astype(np.float32)


def spots(canvas: Canvas, shapes: Iterable[Spot]) -> Array:
    """Mask of filled ellipses."""
    sheet, scale = _sheet(canvas)
    draw = ImageDraw.Draw(sheet)
    for shape in shapes:
        x, y = (shape.x + 1) * scale, (shape.y + 1) * scale
        half_width, half_height = shape.radius * scale, shape.radius * shape.tallness * scale
        draw.ellipse((x - half_width, y - half_height, x + half_width, y + half_height), fill=255)
    return _averaged(sheet)


def strokes(canvas: Canvas, lines: Iterable[Stroke]) -> Array:
    """Mask of lines."""
    sheet, scale = _sheet(canvas)
    draw = ImageDraw.Draw(sheet)
    for line in lines:
        points = (line.points + 1) * scale
        widths = np.linspace(line.width, line.width * line.taper, len(points)) * scale
        for start, end, width in zip(points[:-1], points[1:], widths[:-1], strict=True):
            draw.line((*start, *end), fill=255, width=max(1, round(float(width))))
    return _averaged(sheet)


def polygon(canvas: Canvas, corners: Array) -> Array:
    """Mask of the inside of the closed outline through `corners` (N, 2)."""
    sheet, scale = _sheet(canvas)
    ImageDraw.Draw(sheet).polygon([(float(x), float(y)) for x, y in (corners + 1) * scale], 255)
    return _averaged(sheet)


def bezier(corners: Sequence[tuple[float, float]], *, num_points: int = 14) -> Array:
    """Points (N, 2) on the cubic Bezier curve of four corners."""
    t = np.linspace(0, 1, num_points)[:, None]
    a, b, c, d = (np.asarray(corner, float) for corner in corners)
    curve = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    return np.asarray(curve, np.float32)


def blurred(canvas: Canvas, mask: Array, radius: float) -> Array:
    """The mask after a Gaussian blur; `radius` is in units of the canvas."""
    sheet = Image.fromarray((mask.clip(0, 1) * 255).astype(np.uint8))
    soft = sheet.filter(ImageFilter.GaussianBlur(radius * canvas.size_px / 2))
    return np.asarray(soft, np.float32) / 255


def cluster(
    centre: Spot, rng: np.random.Generator, number: int, spread: float, radii: tuple[float, float]
) -> list[Spot]:
    """`number` round spots at normally distributed distances from a centre; `spread` is the deviation."""
    places = rng.normal((centre.x, centre.y), spread, (number, 2)).tolist()
    return [Spot(x, y, rng.uniform(*radii)) for x, y in places]


def smooth_noise(canvas: Canvas, rng: np.random.Generator, *, num_cells: int) -> Array:
    """Low-frequency noise, mean 0 and deviation about 1, with `num_cells` cells across the picture."""
    coarse = Image.fromarray(rng.normal(size=(num_cells, num_cells)).astype(np.float32))
    fine = coarse.resize((canvas.size_px, canvas.size_px), Image.Resampling.BICUBIC)
    return np.asarray(fine, np.float32)


def speckle(canvas: Canvas, rng: np.random.Generator, deviation: float) -> Array:
    """Independent Gaussian noise for each pixel."""
    shape = (canvas.size_px, canvas.size_px)
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation)


def _sheet(canvas: Canvas) -> tuple[Image.Image, float]:
    size = canvas.size_px * SUPERSAMPLING
    return Image.new("L", (size, size)), size / 2


def _averaged(sheet: Image.Image) -> Array:
    return np.asarray(sheet.reduce(SUPERSAMPLING), np.float32) / 255
