"""Draws the fundus signs of diabetes, hypertension, and occluded veins and arteries."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from training.data.synthetic.drawing import (
    Array,
    Canvas,
    Colour,
    Spot,
    Stroke,
    bezier,
    cluster,
    disc,
    glow,
    spots,
    strokes,
)
from training.data.synthetic.fundus import Eye, FundusSign, Quadrant
from training.data.synthetic.structures import Structure

BLOOD: Colour = (0.36, 0.02, 0.03)
EXUDATE: Colour = (1.0, 0.93, 0.45)
COTTON: Colour = (0.97, 0.94, 0.86)


def _scatter(
    eye: Eye, rng: np.random.Generator, number: int, radii: tuple[float, float]
) -> list[Spot]:
    """`number` nearly round spots across the retina, outside the optic disc."""
    nerve = eye.optic_disc
    found: list[Spot] = []
    while len(found) < number:
        x, y = rng.uniform(-0.8, 0.8, 2)
        is_on_nerve = np.hypot(x - nerve.x, y - nerve.y) < nerve.radius * 1.6
        if np.hypot(x, y) < 0.82 and not is_on_nerve:
            found.append(Spot(x, y, rng.uniform(*radii), rng.uniform(0.8, 1.25)))
    return found


def _bleed(canvas: Canvas, shape: Array, *, opacity: float) -> None:
    canvas.paint(opacity * shape, BLOOD)
    canvas.mark(shape, Structure.RED_LESION)


def _microaneurysms(canvas: Canvas, eye: Eye, rng: np.random.Generator, number: int) -> None:
    _bleed(canvas, spots(canvas, _scatter(eye, rng, number, (0.020, 0.028))), opacity=1.0)


def _blots(canvas: Canvas, eye: Eye, rng: np.random.Generator, number: int) -> None:
    _bleed(canvas, spots(canvas, _scatter(eye, rng, number, (0.035, 0.070))), opacity=0.9)


def exudates(canvas: Canvas, eye: Eye, rng: np.random.Generator, number: int) -> None:
    """Paint a patch of yellow exudates beside the macula."""
    angle = rng.uniform(0, 6.28)
    centre = Spot(eye.macula.x + 0.22 * np.cos(angle), eye.macula.y + 0.22 * np.sin(angle), 0)
    shape = spots(canvas, cluster(centre, rng, number, 0.09, (0.015, 0.030)))
    canvas.paint(shape, EXUDATE)
    canvas.mark(shape, Structure.BRIGHT_LESION)


def _cotton_wool(canvas: Canvas, eye: Eye, rng: np.random.Generator, number: int) -> None:
    for spot in cluster(eye.optic_disc, rng, number, 0.33, (0.045, 0.065)):
        shape = glow(canvas, spot)
        canvas.paint(0.9 * shape, COTTON)
        canvas.mark(shape, Structure.BRIGHT_LESION)


def _mild(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    _microaneurysms(canvas, eye, rng, int(rng.integers(10, 16)))


def _moderate(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    _microaneurysms(canvas, eye, rng, int(rng.integers(10, 16)))
    _blots(canvas, eye, rng, int(rng.integers(4, 8)))
    exudates(canvas, eye, rng, int(rng.integers(10, 18)))


def _severe(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    _microaneurysms(canvas, eye, rng, int(rng.integers(20, 30)))
    _blots(canvas, eye, rng, int(rng.integers(22, 32)))
    exudates(canvas, eye, rng, int(rng.integers(12, 20)))
    _cotton_wool(canvas, eye, rng, 2)


def _proliferative(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    _blots(canvas, eye, rng, int(rng.integers(6, 12)))
    exudates(canvas, eye, rng, int(rng.integers(4, 10)))
    nerve = eye.optic_disc
    fronds = [_frond(nerve, rng) for _ in range(26)]
    shape = strokes(canvas, fronds)
    canvas.paint(0.85 * shape, (0.60, 0.03, 0.06))
    canvas.mark(shape, Structure.OTHER_LESION)
    _boat_haemorrhage(canvas, rng)


def _frond(nerve: Spot, rng: np.random.Generator) -> Stroke:
    """One new vessel that curls outwards from the disc."""
    angles = rng.uniform(0, 6.28) + np.cumsum(rng.uniform(-0.5, 0.9, 4))
    reach = nerve.radius * np.linspace(0.2, 2.1, 4)
    corners = [
        (nerve.x + r * float(np.cos(a)), nerve.y + r * float(np.sin(a)))
        for r, a in zip(reach.tolist(), angles.tolist(), strict=True)
    ]
    return Stroke(bezier(corners, num_points=8), 0.016)


def _boat_haemorrhage(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a preretinal haemorrhage, whose upper edge is level."""
    x, y = rng.uniform(-0.50, 0.30), rng.uniform(0.30, 0.55)
    pool = disc(canvas, Spot(x, y, rng.uniform(0.20, 0.30), 0.6)) * (canvas.y > y)
    _bleed(canvas, pool, opacity=0.95)


def _rvo_anatomy(eye: Eye, rng: np.random.Generator) -> Eye:
    temporal = (Quadrant.UPPER_TEMPORAL, Quadrant.LOWER_TEMPORAL)
    return replace(eye, occluded=frozenset({temporal[int(rng.integers(2))]}))


def _flames(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    """Paint flame haemorrhages along the nerve fibres of the occluded quadrants."""
    nerve = eye.optic_disc
    lines = []
    for quadrant in eye.occluded:
        for _ in range(int(rng.integers(55, 75))):
            along = rng.uniform(0.1, 1.0)
            x = nerve.x - 1.05 * along
            y = nerve.y + quadrant.y_sign * rng.normal(0.62 - 0.9 * (along - 0.5) ** 2, 0.12)
            length = rng.uniform(0.05, 0.11)
            end = (x - length, y + quadrant.y_sign * length * (0.6 - along))
            lines.append(Stroke(np.asarray([(x, y), end]), rng.uniform(0.025, 0.05)))
    _bleed(canvas, strokes(canvas, lines), opacity=0.85)


def _rao_anatomy(eye: Eye, _rng: np.random.Generator) -> Eye:
    return replace(
        eye, artery_width=0.013, vein_width=0.024, rim=(0.97, 0.86, 0.66), vessel_strength=0.75
    )


def _pale_with_cherry_spot(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    spread = Spot(eye.macula.x, eye.macula.y, rng.uniform(0.42, 0.55), 0.85)
    pale = glow(canvas, spread)
    canvas.paint(0.82 * pale, (0.96, 0.86, 0.68))
    canvas.mark(pale, Structure.OTHER_LESION)
    fovea = glow(canvas, replace(eye.macula, radius=0.075))
    canvas.paint(fovea, (0.78, 0.06, 0.05))
    canvas.mark(fovea, Structure.BACKGROUND)


def _hypertensive_anatomy(eye: Eye, _rng: np.random.Generator) -> Eye:
    return replace(eye, artery_width=0.011, vein_width=0.046, tortuosity=0.022)


def _hypertensive(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    _cotton_wool(canvas, eye, rng, int(rng.integers(6, 10)))
    nerve = eye.optic_disc
    flames = []
    for _ in range(int(rng.integers(8, 14))):
        angle = rng.uniform(0, 6.28)
        direction = np.asarray((np.cos(angle), np.sin(angle)))
        start = np.asarray((nerve.x, nerve.y)) + direction * rng.uniform(0.2, 0.45)
        flames.append(Stroke(np.asarray([start, start + direction * 0.10], np.float32), 0.028))
    _bleed(canvas, strokes(canvas, flames), opacity=0.85)


VASCULAR_SIGNS: Mapping[str, FundusSign] = MappingProxyType(
    {
        "Fundus_DR_Mild": FundusSign(over=_mild),
        "Fundus_DR_Moderate": FundusSign(over=_moderate),
        "Fundus_DR_Severe": FundusSign(over=_severe),
        "Fundus_DR_Proliferative": FundusSign(over=_proliferative),
        "Fundus_RVO": FundusSign(anatomy=_rvo_anatomy, over=_flames),
        "Fundus_RAO": FundusSign(anatomy=_rao_anatomy, under=_pale_with_cherry_spot),
        "Fundus_Hypertensive_Retinopathy": FundusSign(
            anatomy=_hypertensive_anatomy, over=_hypertensive
        ),
    }
)
"""The signs by class name."""
