"""Draws an OCT scan through the macula of a healthy eye, or of one with a sign of disease."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from training.data.synthetic.drawing import (
    Array,
    Canvas,
    Spot,
    smooth_noise,
    speckle,
)
from training.data.synthetic.structures import Structure


class Layer(StrEnum):
    """The layers between the vitreous and the choroid, from top to bottom."""

    NERVE_FIBRES = "nerve fibre layer"
    GANGLION_CELLS = "ganglion cell and inner plexiform layer"
    INNER_NUCLEAR = "inner nuclear layer"
    OUTER_PLEXIFORM = "outer plexiform layer"
    OUTER_NUCLEAR = "outer nuclear layer"
    ELLIPSOID = "ellipsoid zone"
    OUTER_SEGMENTS = "outer segments"
    SUBRETINAL_SPACE = "subretinal space"
    PIGMENT_EPITHELIUM = "retinal pigment epithelium"
    SUB_EPITHELIAL_SPACE = "space under the pigment epithelium"


INNER_LAYERS = (Layer.NERVE_FIBRES, Layer.GANGLION_CELLS, Layer.INNER_NUCLEAR)
STRUCTURE_OF_LAYER = {
    **dict.fromkeys((*INNER_LAYERS, Layer.OUTER_PLEXIFORM), Structure.INNER_RETINA),
    Layer.OUTER_NUCLEAR: Structure.OUTER_RETINA,
    Layer.ELLIPSOID: Structure.OUTER_RETINA,
    Layer.OUTER_SEGMENTS: Structure.OUTER_RETINA,
    Layer.SUBRETINAL_SPACE: Structure.FLUID,
    Layer.PIGMENT_EPITHELIUM: Structure.PIGMENT_EPITHELIUM,
    Layer.SUB_EPITHELIAL_SPACE: Structure.SUB_EPITHELIAL_DEPOSIT,
}
FOVEA_WIDTH = 0.20

# Thickness as a fraction of half the picture's height, and brightness in [0, 1].
_HEALTHY: dict[Layer, tuple[float, float]] = {
    Layer.NERVE_FIBRES: (0.065, 0.78),
    Layer.GANGLION_CELLS: (0.13, 0.50),
    Layer.INNER_NUCLEAR: (0.065, 0.28),
    Layer.OUTER_PLEXIFORM: (0.045, 0.52),
    Layer.OUTER_NUCLEAR: (0.13, 0.22),
    Layer.ELLIPSOID: (0.035, 0.88),
    Layer.OUTER_SEGMENTS: (0.030, 0.42),
    Layer.SUBRETINAL_SPACE: (0.0, 0.05),
    Layer.PIGMENT_EPITHELIUM: (0.045, 0.97),
    Layer.SUB_EPITHELIAL_SPACE: (0.0, 0.50),
}


@dataclass(kw_only=True)
class Scan:
    """The geometry of one scan; every array has one value for each column of the picture."""

    x: Array
    fovea_x: float
    bruch: Array
    thickness: dict[Layer, Array]
    brightness: dict[Layer, float]
    choroid_brightness: float = 0.42
    surface: Array = field(init=False)

    def top_of(self, layer: Layer) -> Array:
        """The y coordinate of a layer's upper boundary."""
        below = list(Layer)[list(Layer).index(layer) :]
        return np.asarray(self.bruch - sum(self.thickness[each] for each in below), np.float32)

    def bump(self, x: float, width: float) -> Array:
        """A Gaussian over the columns, with the value 1 at `x` and the deviation `width`."""
        return np.asarray(np.exp(-(((self.x - x) / width) ** 2) / 2), np.float32)

    def at(self, heights: Array, x: float) -> float:
        """The value of the per-column array `heights` at `x`."""
        return float(np.interp(x, self.x, heights))


ChangeScan = Callable[[Scan, np.random.Generator], None]
PaintScan = Callable[[Canvas, Scan, np.random.Generator], None]


def _change_nothing(_scan: Scan, _rng: np.random.Generator) -> None:
    """The change of a sign that leaves the layers healthy."""


def _paint_nothing(_canvas: Canvas, _scan: Scan, _rng: np.random.Generator) -> None:
    """The painter of a sign that adds no paint."""


@dataclass(frozen=True, kw_only=True)
class OctSign:
    """How a class differs from a healthy scan: its layers, and paint over them."""

    change: ChangeScan = _change_nothing
    over: PaintScan = _paint_nothing


def paint_oct(canvas: Canvas, sign: OctSign, rng: np.random.Generator) -> None:
    """Paint one scan with the sign, and with random geometry, illumination and noise."""
    scan = random_scan(canvas, rng)
    sign.change(scan, rng)
    _paint_layers(canvas, scan, rng)
    sign.over(canvas, scan, rng)
    _expose(canvas, scan, rng)


def random_scan(canvas: Canvas, rng: np.random.Generator) -> Scan:
    """A healthy scan with random geometry."""
    x = canvas.x[0]
    fovea_x = rng.uniform(-0.18, 0.18)
    bend = rng.uniform(-0.14, 0.06) * x**2 + rng.uniform(-0.08, 0.08) * x
    return Scan(
        x=x,
        fovea_x=fovea_x,
        bruch=(rng.uniform(0.22, 0.38) + bend).astype(np.float32),
        thickness=_healthy_thickness(x, fovea_x, rng),
        brightness={layer: brightness for layer, (_, brightness) in _HEALTHY.items()},
    )


def _healthy_thickness(x: Array, fovea_x: float, rng: np.random.Generator) -> dict[Layer, Array]:
    """The thicknesses of `_HEALTHY` outside the fovea; inside, the inner layers thin out to a pit."""
    scale = rng.uniform(0.92, 1.08)
    thickness = {layer: np.full_like(x, thick * scale) for layer, (thick, _) in _HEALTHY.items()}
    pit = np.exp(-((np.abs(x - fovea_x) / FOVEA_WIDTH) ** 2.4)).astype(np.float32)
    for layer in (*INNER_LAYERS, Layer.OUTER_PLEXIFORM):
        thickness[layer] *= 1 - 0.94 * pit
    thickness[Layer.OUTER_NUCLEAR] *= 1 + 0.35 * pit
    # The nerve fibre layer is thicker on the nasal side, which is the right side here.
    thickness[Layer.NERVE_FIBRES] *= 1 + 0.45 * x
    return thickness


def _paint_layers(canvas: Canvas, scan: Scan, rng: np.random.Generator) -> None:
    light = np.full((canvas.size_px, canvas.size_px), 0.04, np.float32)
    for layer in Layer:
        # Partial coverage of the pixels at a boundary keeps thin layers smooth.
        covered = _below(canvas, scan.top_of(layer))
        light += covered * (scan.brightness[layer] - light)
        canvas.mark(covered, STRUCTURE_OF_LAYER[layer])
    under = _below(canvas, scan.bruch)
    light += under * (_choroid(canvas, scan, rng) - light)
    canvas.mark(under, Structure.BACKGROUND)
    scan.surface = scan.top_of(Layer.NERVE_FIBRES)
    canvas.rgb = np.repeat(light[..., None], 3, axis=2)


def _below(canvas: Canvas, heights: Array) -> Array:
    return ((canvas.y - heights[None, :]) * canvas.size_px / 2 + 0.5).clip(0, 1).astype(np.float32)


def _choroid(canvas: Canvas, scan: Scan, rng: np.random.Generator) -> Array:
    """Brightness of the choroid: mottled by its vessels, and fading with depth."""
    depth = (canvas.y - scan.bruch[None, :]).clip(0, None)
    mottle = 1 + 0.35 * smooth_noise(canvas, rng, num_cells=16)
    fading = np.exp(-depth / rng.uniform(0.20, 0.32))
    return np.asarray(scan.choroid_brightness * mottle * fading + 0.03, np.float32)


def _expose(canvas: Canvas, scan: Scan, rng: np.random.Generator) -> None:
    """Apply the shadows of vessels, uneven illumination and speckle noise."""
    below = _below(canvas, scan.surface + 0.06)
    for x in rng.uniform(-0.95, 0.95, int(rng.integers(1, 5))):
        canvas.darken(0.45 * below * scan.bump(float(x), 0.015)[None, :])
    grain = 1 + speckle(canvas, rng, 0.20)
    gain = rng.uniform(0.82, 1.08) * (1 + rng.uniform(-0.15, 0.15) * canvas.x)
    haze = np.abs(speckle(canvas, rng, rng.uniform(0.02, 0.05)))
    canvas.rgb = (canvas.rgb[..., :1] * (grain * gain)[..., None] + haze[..., None]).repeat(3, 2)


def fill(canvas: Canvas, mask: Array, brightness: float) -> None:
    """Blend a grey of this brightness over the picture, with `mask` as its opacity."""
    canvas.paint(mask, (brightness, brightness, brightness))


def shadow_under(canvas: Canvas, spot: Spot, strength: float) -> None:
    """Darken the column below a spot that blocks the light."""
    column = np.exp(-(((canvas.x - spot.x) / spot.radius) ** 2)).astype(np.float32)
    behind = ((canvas.y - spot.y) / 0.05).clip(0, 1).astype(np.float32)
    canvas.darken(strength * column * behind)
