"""Draws a fundus photograph of a healthy eye, or of one with a sign of disease."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from training.data.synthetic.drawing import (
    Array,
    Canvas,
    Colour,
    Spot,
    Stroke,
    bezier,
    disc,
    glow,
    smooth_noise,
    speckle,
    strokes,
)
from training.data.synthetic.structures import Structure

ARTERY: Colour = (0.66, 0.15, 0.10)
VEIN: Colour = (0.42, 0.06, 0.07)
RIM: Colour = (0.98, 0.76, 0.42)
CUP: Colour = (1.0, 0.95, 0.80)


class Quadrant(StrEnum):
    """The part of the retina that one artery and vein supply; the macula is on the temporal side."""

    UPPER_TEMPORAL = "upper temporal"
    LOWER_TEMPORAL = "lower temporal"
    UPPER_NASAL = "upper nasal"
    LOWER_NASAL = "lower nasal"

    @property
    def y_sign(self) -> int:
        """Direction of the quadrant along y: 1 is down, -1 is up."""
        return 1 if self in (Quadrant.LOWER_TEMPORAL, Quadrant.LOWER_NASAL) else -1

    @property
    def is_temporal(self) -> bool:
        """Whether the quadrant's vessels arch around the macula."""
        return self in (Quadrant.UPPER_TEMPORAL, Quadrant.LOWER_TEMPORAL)


@dataclass(frozen=True, kw_only=True)
class Eye:
    """The anatomy of one right eye; lengths are fractions of half the picture's width."""

    background: Colour
    field_radius: float
    optic_disc: Spot
    cup_ratio: float
    rim: Colour = RIM
    macula: Spot
    artery_width: float = 0.026
    vein_width: float = 0.038
    tortuosity: float = 0.012
    vessel_strength: float = 0.85
    occluded: frozenset[Quadrant] = frozenset()


Paint = Callable[[Canvas, Eye, np.random.Generator], None]


def _paint_nothing(_canvas: Canvas, _eye: Eye, _rng: np.random.Generator) -> None:
    """The painter of a sign that adds no paint."""


@dataclass(frozen=True, kw_only=True)
class FundusSign:
    """How a class differs from a healthy eye: its anatomy, and paint under and over the vessels."""

    anatomy: Callable[[Eye, np.random.Generator], Eye] = lambda eye, _rng: eye
    under: Paint = _paint_nothing
    over: Paint = _paint_nothing


def paint_fundus(canvas: Canvas, sign: FundusSign, rng: np.random.Generator) -> None:
    """Paint one eye with the sign, and with random anatomy, illumination and noise."""
    eye = sign.anatomy(random_eye(rng), rng)
    _paint_background(canvas, eye, rng)
    _paint_optic_disc(canvas, eye)
    sign.under(canvas, eye, rng)
    _paint_vessels(canvas, eye, rng)
    sign.over(canvas, eye, rng)
    _expose(canvas, eye, rng)


def random_eye(rng: np.random.Generator) -> Eye:
    """A healthy eye with random anatomy."""
    red = rng.uniform(0.72, 0.90)
    return Eye(
        background=(red, red * rng.uniform(0.42, 0.54), red * rng.uniform(0.16, 0.28)),
        field_radius=rng.uniform(0.93, 1.0),
        optic_disc=Spot(
            rng.uniform(0.44, 0.56), rng.uniform(-0.10, 0.06), rng.uniform(0.135, 0.165), 1.08
        ),
        cup_ratio=rng.uniform(0.22, 0.36),
        macula=Spot(rng.uniform(-0.10, 0.02), rng.uniform(-0.02, 0.10), rng.uniform(0.09, 0.12)),
    )


def _paint_background(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    distance = canvas.x**2 + canvas.y**2
    light = 1.06 - 0.30 * distance + 0.035 * smooth_noise(canvas, rng, num_cells=9)
    canvas.rgb = light[..., None] * np.asarray(eye.background, np.float32)
    canvas.darken(0.42 * glow(canvas, eye.macula))


def _paint_optic_disc(canvas: Canvas, eye: Eye) -> None:
    nerve = eye.optic_disc
    canvas.paint(0.25 * glow(canvas, Spot(nerve.x, nerve.y, nerve.radius * 1.6)), eye.rim)
    rim = disc(canvas, nerve)
    canvas.paint(rim, eye.rim)
    canvas.mark(rim, Structure.OPTIC_DISC)
    cup = Spot(nerve.x - 0.01, nerve.y, nerve.radius * eye.cup_ratio, nerve.tallness)
    cupped = disc(canvas, cup, edge=0.3)
    canvas.paint(cupped, CUP)
    canvas.mark(cupped, Structure.OPTIC_CUP)


def _paint_vessels(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    arteries: list[Stroke] = []
    veins: list[Stroke] = []
    for quadrant in Quadrant:
        swelling, winding = (1.6, 3.5) if quadrant in eye.occluded else (1.0, 1.0)
        arteries += _vessel_tree(eye, quadrant, eye.artery_width, eye.tortuosity, rng)
        veins += _vessel_tree(
            eye, quadrant, eye.vein_width * swelling, eye.tortuosity * winding, rng
        )
    for lines, colour in ((veins, VEIN), (arteries, ARTERY)):
        shape = strokes(canvas, lines)
        canvas.paint(eye.vessel_strength * shape, colour)
        canvas.mark(shape, Structure.VESSEL)


def _vessel_tree(
    eye: Eye, quadrant: Quadrant, width: float, tortuosity: float, rng: np.random.Generator
) -> list[Stroke]:
    trunk = _winding(_trunk(eye, quadrant, rng), tortuosity, rng)
    tree = [Stroke(trunk, width, taper=0.45)]
    for position in (0.3, 0.5, 0.7):
        root = trunk[int(position * (len(trunk) - 1))]
        twig = _winding(_branch(root, quadrant, rng), tortuosity * 0.7, rng)
        tree.append(Stroke(twig, width * 0.55, taper=0.4))
    return tree


def _trunk(eye: Eye, quadrant: Quadrant, rng: np.random.Generator) -> Array:
    nerve, down = eye.optic_disc, quadrant.y_sign
    lift = rng.uniform(0.9, 1.1)
    # Control points relative to the disc; temporal vessels arch around the macula.
    if quadrant.is_temporal:
        corners = [(0.0, 0.0), (-0.05, 0.60 * lift), (-0.55, 0.82 * lift), (-1.25, 0.50 * lift)]
    else:
        corners = [(0.0, 0.0), (0.05, 0.35 * lift), (0.25, 0.60 * lift), (0.42, 0.90 * lift)]
    shift = rng.uniform(-0.04, 0.04)
    return bezier([(nerve.x + shift + x, nerve.y + down * y) for x, y in corners])


def _branch(root: Array, quadrant: Quadrant, rng: np.random.Generator) -> Array:
    x, y = float(root[0]), float(root[1])
    outward = -1 if quadrant.is_temporal else 1
    down = quadrant.y_sign * (1 if rng.random() < 0.65 else -0.5)
    reach = rng.uniform(0.25, 0.45)
    corners = [(0.0, 0.0), (0.3, 0.2), (0.5, 0.7), (rng.uniform(0.4, 0.9), 1.0)]
    return bezier(
        [(x + outward * reach * across, y + down * reach * along) for across, along in corners],
        num_points=8,
    )


def _winding(points: Array, tortuosity: float, rng: np.random.Generator) -> Array:
    """The same path with waves perpendicular to it; its first point stays in place."""
    t = np.linspace(0, 1, len(points) * 2)
    steps = np.linspace(0, 1, len(points))
    dense = np.stack([np.interp(t, steps, points[:, axis]) for axis in (0, 1)], axis=1)
    forward = np.gradient(dense, axis=0)
    normal = np.stack([-forward[:, 1], forward[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    wave = np.sin(t * rng.uniform(16, 24) + rng.uniform(0, 6.28)) * np.minimum(1, t * 5)
    return np.asarray(dense + tortuosity * wave[:, None] * normal, np.float32)


def _expose(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    """Apply uneven illumination, sensor noise and the black border of the camera's field."""
    tilt = rng.uniform(-0.12, 0.12) * canvas.x + rng.uniform(-0.12, 0.12) * canvas.y
    canvas.rgb *= (rng.uniform(0.85, 1.1) * (1 + tilt))[..., None]
    canvas.rgb += speckle(canvas, rng, 0.018)[..., None]
    field = disc(canvas, Spot(0, 0, eye.field_radius), edge=0.03)
    canvas.rgb *= field[..., None]
    canvas.mark(1 - field, Structure.BACKGROUND)
