"""Draws the sign of disease of each OCT class."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from training.data.synthetic.drawing import (
    Array,
    Canvas,
    Spot,
    Stroke,
    bezier,
    blurred,
    spots,
    strokes,
)
from training.data.synthetic.oct import INNER_LAYERS, Layer, OctSign, Scan, fill, shadow_under
from training.data.synthetic.structures import Structure

FLUID_BRIGHTNESS = 0.05


def _thicken(scan: Scan, x: float, width: float, growth: float) -> None:
    """Thicken the retina around `x`, including the foveal pit."""
    swelling = scan.bump(x, width)
    scan.thickness[Layer.GANGLION_CELLS] += 0.35 * growth * swelling
    scan.thickness[Layer.INNER_NUCLEAR] += 0.25 * growth * swelling
    scan.thickness[Layer.OUTER_NUCLEAR] += 0.40 * growth * swelling


def _cysts(
    canvas: Canvas, scan: Scan, rng: np.random.Generator, centres: list[float], radius: float
) -> None:
    """Paint dark cysts of fluid between the surface and the photoreceptors."""
    bottom = scan.top_of(Layer.ELLIPSOID)
    holes = []
    for x in centres:
        share = rng.uniform(0.40, 0.75)
        depth = scan.at(bottom, x) - scan.at(scan.surface, x)
        y = scan.at(scan.surface, x) + share * depth
        tall = min(rng.uniform(1.0, 1.7), 0.30 * depth / radius)
        holes.append(Spot(x, y, radius * rng.uniform(0.7, 1.15), tall))
    shape = spots(canvas, holes)
    fill(canvas, shape, FLUID_BRIGHTNESS)
    canvas.mark(shape, Structure.FLUID)


def _bright_dots(canvas: Canvas, scan: Scan, rng: np.random.Generator, number: int) -> None:
    """Paint hard exudates, each with a shadow below it."""
    for _ in range(number):
        x = scan.fovea_x + rng.uniform(-0.45, 0.45)
        spot = Spot(x, scan.at(scan.top_of(Layer.OUTER_PLEXIFORM), x), rng.uniform(0.015, 0.025))
        shadow_under(canvas, spot, 0.4)
        fill(canvas, spots(canvas, [spot]), 1.0)


def _dme_layers(scan: Scan, rng: np.random.Generator) -> None:
    _thicken(scan, scan.fovea_x, rng.uniform(0.28, 0.38), rng.uniform(0.34, 0.46))


def _dme(canvas: Canvas, scan: Scan, rng: np.random.Generator) -> None:
    offsets = np.linspace(-0.32, 0.32, int(rng.integers(5, 8))) + rng.uniform(-0.03, 0.03)
    _cysts(canvas, scan, rng, [scan.fovea_x + float(offset) for offset in offsets], 0.058)
    _bright_dots(canvas, scan, rng, int(rng.integers(2, 5)))


def _cnv_layers(scan: Scan, rng: np.random.Generator) -> None:
    """A neovascular membrane lifts the retina near the fovea, with fluid on both sides of it."""
    x, width = scan.fovea_x + rng.uniform(-0.12, 0.12), rng.uniform(0.13, 0.19)
    scan.thickness[Layer.SUB_EPITHELIAL_SPACE] += rng.uniform(0.16, 0.24) * scan.bump(x, width)
    scan.brightness[Layer.SUB_EPITHELIAL_SPACE] = 0.80
    scan.thickness[Layer.SUBRETINAL_SPACE] += rng.uniform(0.07, 0.10) * (
        scan.bump(x - 2.0 * width, 0.6 * width) + scan.bump(x + 2.0 * width, 0.6 * width)
    )


def _cnv(canvas: Canvas, scan: Scan, rng: np.random.Generator) -> None:
    """Paint leakage through the pigment epithelium, and the shadow of the membrane."""
    top = scan.top_of(Layer.PIGMENT_EPITHELIUM)
    peak_x = float(scan.x[int(np.argmax(scan.thickness[Layer.SUB_EPITHELIAL_SPACE]))])
    leak = Spot(peak_x, scan.at(top, peak_x) - 0.01, rng.uniform(0.10, 0.14), 0.35)
    fill(canvas, 0.9 * blurred(canvas, spots(canvas, [leak]), 0.02), 0.85)
    shadow_under(canvas, Spot(peak_x, scan.at(scan.bruch, peak_x), 0.22), 0.75)


def _dry_amd_layers(scan: Scan, rng: np.random.Generator) -> None:
    """Drusen: a row of small elevations under the pigment epithelium."""
    for offset in np.arange(-0.62, 0.63, 0.17):
        x = scan.fovea_x + float(offset) + rng.uniform(-0.03, 0.03)
        elevation = rng.uniform(0.05, 0.11) * scan.bump(x, rng.uniform(0.035, 0.050))
        scan.thickness[Layer.SUB_EPITHELIAL_SPACE] += elevation
        # The outer nuclear layer becomes thinner, so that the surface stays nearly flat.
        scan.thickness[Layer.OUTER_NUCLEAR] -= 0.8 * elevation


def _erm_layers(scan: Scan, rng: np.random.Generator) -> None:
    """A contracted membrane folds the surface and flattens the pit."""
    _thicken(scan, scan.fovea_x, 0.22, rng.uniform(0.26, 0.34))
    folds = np.sin(scan.x * rng.uniform(26, 34) + rng.uniform(0, 6.28))
    scan.thickness[Layer.NERVE_FIBRES] += 0.03 * (1 + folds) * scan.bump(scan.fovea_x, 0.55)


def _erm(canvas: Canvas, scan: Scan, rng: np.random.Generator) -> None:
    """Paint the membrane as a bright line that bridges the folds, with gaps below it."""
    reach = np.abs(scan.x - scan.fovea_x) < rng.uniform(0.70, 0.85)
    crest = _bridged(scan.surface, window=len(scan.x) // 16) - 0.02
    line = np.stack([scan.x, crest], axis=1)[reach]
    fill(canvas, strokes(canvas, [Stroke(line, 0.030)]), 1.0)


def _bridged(heights: Array, *, window: int) -> Array:
    """The smoothed height of the highest points nearby, which spans the folds of the surface."""
    padded = np.pad(heights, 2 * window, mode="edge")
    crests = sliding_window_view(padded, 2 * window + 1).min(axis=1)
    smooth = sliding_window_view(crests, 2 * window + 1).mean(axis=1)
    return np.asarray(np.minimum(smooth, heights))


def _vmi_layers(scan: Scan, rng: np.random.Generator) -> None:
    """Traction of the vitreous pulls the fovea up to a point."""
    peak = np.exp(-np.abs(scan.x - scan.fovea_x) / 0.13).astype(np.float32)
    height = rng.uniform(0.28, 0.38)
    scan.thickness[Layer.OUTER_NUCLEAR] += 0.55 * height * peak
    scan.thickness[Layer.GANGLION_CELLS] += 0.45 * height * peak


def _vmi(canvas: Canvas, scan: Scan, rng: np.random.Generator) -> None:
    """Paint the posterior vitreous face, which rises from the fovea to both sides, and a cyst."""
    x, y = scan.fovea_x, scan.at(scan.surface, scan.fovea_x) + 0.02
    lines = []
    for side in (-1, 1):
        lift = rng.uniform(0.30, 0.45)
        corners = [(x, y), (x + side * 0.25, y - 0.02), (x + side * 0.55, y - lift)]
        corners.append((x + side * 1.1, y - lift - rng.uniform(0, 0.1)))
        lines.append(Stroke(bezier(corners), 0.022))
    fill(canvas, 0.85 * strokes(canvas, lines), 0.85)
    _cysts(canvas, scan, rng, [x], 0.06)


def _csr_layers(scan: Scan, rng: np.random.Generator) -> None:
    """A dome of clear fluid separates the retina from the pigment epithelium."""
    x, width = scan.fovea_x + rng.uniform(-0.12, 0.12), rng.uniform(0.24, 0.34)
    dome = (1 - ((scan.x - x) / (1.7 * width)) ** 2).clip(0, 1)
    scan.thickness[Layer.SUBRETINAL_SPACE] += (rng.uniform(0.26, 0.36) * dome).astype(np.float32)


def _rvo_layers(scan: Scan, rng: np.random.Generator) -> None:
    """The retina is swollen on the side that the occluded vein drains."""
    _thicken(scan, _drained_x(scan, rng), 0.30, rng.uniform(0.46, 0.58))


def _drained_x(scan: Scan, rng: np.random.Generator) -> float:
    side = 1 if rng.random() < 0.5 else -1
    return scan.fovea_x + side * rng.uniform(0.42, 0.55)


def _rvo(canvas: Canvas, scan: Scan, rng: np.random.Generator) -> None:
    """Paint cysts on the swollen side, and haemorrhages in the nerve fibre layer with shadows."""
    x = float(scan.x[int(np.argmax(scan.thickness[Layer.INNER_NUCLEAR]))])
    for offset in (-0.20, 0.02, 0.22):
        blood = Spot(x + offset, scan.at(scan.surface, x + offset) + 0.06, 0.075, 0.5)
        shadow_under(canvas, blood, 0.55)
        fill(canvas, blurred(canvas, spots(canvas, [blood]), 0.015), 1.0)
    _cysts(canvas, scan, rng, [x - 0.14, x, x + 0.13], 0.062)


def _glaucoma_layers(scan: Scan, rng: np.random.Generator) -> None:
    """The nerve fibre and ganglion cell layers are much thinner."""
    scan.thickness[Layer.NERVE_FIBRES] *= rng.uniform(0.10, 0.22)
    scan.thickness[Layer.GANGLION_CELLS] *= rng.uniform(0.25, 0.40)


def _rao_layers(scan: Scan, rng: np.random.Generator) -> None:
    """Ischaemia makes the inner layers thicker and brighter, and they darken the outer layers."""
    for layer in INNER_LAYERS:
        scan.thickness[layer] *= rng.uniform(1.25, 1.45)
        scan.brightness[layer] = rng.uniform(0.88, 0.98)
    for layer in (Layer.ELLIPSOID, Layer.OUTER_SEGMENTS, Layer.PIGMENT_EPITHELIUM):
        scan.brightness[layer] *= 0.6
    scan.choroid_brightness *= 0.4


OCT_SIGNS: Mapping[str, OctSign] = MappingProxyType(
    {
        "OCT_Normal": OctSign(),
        "OCT_DME": OctSign(change=_dme_layers, over=_dme),
        "OCT_CNV": OctSign(change=_cnv_layers, over=_cnv),
        "OCT_Dry_AMD": OctSign(change=_dry_amd_layers),
        "OCT_ERM": OctSign(change=_erm_layers, over=_erm),
        "OCT_Vitreomacular_Interface_Disease": OctSign(change=_vmi_layers, over=_vmi),
        "OCT_CSR": OctSign(change=_csr_layers),
        "OCT_RVO": OctSign(change=_rvo_layers, over=_rvo),
        "OCT_Glaucoma": OctSign(change=_glaucoma_layers),
        "OCT_RAO": OctSign(change=_rao_layers),
    }
)
"""The signs by class name."""
