"""Draws the fundus signs of the optic disc, the macula, the lens and retinal detachment."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from PIL import ImageFilter

from training.data.synthetic.drawing import (
    Array,
    Canvas,
    Colour,
    Spot,
    blurred,
    cluster,
    disc,
    polygon,
    smooth_noise,
    spots,
)
from training.data.synthetic.fundus import Eye, FundusSign
from training.data.synthetic.structures import Structure
from training.data.synthetic.vascular_signs import BLOOD, exudates

PIGMENT: Colour = (0.13, 0.07, 0.06)
SCLERA: Colour = (0.98, 0.93, 0.80)


def _cupping(low: float, high: float, pallor: float) -> FundusSign:
    def anatomy(eye: Eye, rng: np.random.Generator) -> Eye:
        nerve = replace(eye.optic_disc, radius=eye.optic_disc.radius * 1.15)
        rim = (0.98, 0.70 + 0.1 * pallor, 0.36 + 0.2 * pallor)
        return replace(eye, optic_disc=nerve, cup_ratio=rng.uniform(low, high), rim=rim)

    def over(canvas: Canvas, eye: Eye, _rng: np.random.Generator) -> None:
        # The vessels bend over the edge of a deep cup and disappear in it.
        nerve = eye.optic_disc
        cup = Spot(nerve.x - 0.01, nerve.y, nerve.radius * eye.cup_ratio * 0.85, nerve.tallness)
        shape = disc(canvas, cup, edge=0.3)
        canvas.paint(0.8 * shape, (1.0, 0.97, 0.90))
        canvas.mark(shape, Structure.OPTIC_CUP)

    return FundusSign(anatomy=anatomy, over=over)


def _glaucoma_positive() -> FundusSign:
    sign = _cupping(0.80, 0.90, pallor=1.0)

    def under(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
        # A nerve fibre layer defect is a darker wedge from the disc past the macula.
        nerve, down = eye.optic_disc, rng.choice((-1, 1))
        corners = [(0, 0), (-0.35, 0.42 * down), (-1.0, 0.75 * down), (-1.1, 0.40 * down)]
        outline = np.asarray([(nerve.x + x, nerve.y + y) for x, y in corners], np.float32)
        canvas.darken(0.34 * blurred(canvas, polygon(canvas, outline), 0.06))

    return replace(sign, under=under)


def _drusen(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    dots = cluster(eye.macula, rng, int(rng.integers(45, 70)), 0.17, (0.018, 0.036))
    shape = spots(canvas, dots)
    canvas.paint(0.85 * shape, (0.99, 0.84, 0.42))
    canvas.mark(shape, Structure.BRIGHT_LESION)


def _wet_amd(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    centre = replace(eye.macula, radius=rng.uniform(0.20, 0.27), tallness=rng.uniform(0.75, 1.0))
    ring = replace(centre, radius=centre.radius * 1.35)
    blood, membrane = disc(canvas, ring, edge=0.25), disc(canvas, centre, edge=0.3)
    canvas.paint(0.85 * blood, BLOOD)
    canvas.mark(blood, Structure.RED_LESION)
    canvas.paint(0.9 * membrane, (0.52, 0.54, 0.36))
    canvas.mark(membrane, Structure.OTHER_LESION)
    exudates(canvas, eye, rng, 8)


def _myopia_anatomy(eye: Eye, _rng: np.random.Generator) -> Eye:
    return replace(
        eye, optic_disc=replace(eye.optic_disc, tallness=1.35), vein_width=0.028, artery_width=0.018
    )


def _myopia(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    """Paint a visible choroid, and a crescent of bare sclera beside the disc."""
    texture = np.abs(smooth_noise(canvas, rng, num_cells=15))
    canvas.paint(0.55 * (1 - texture * 2.5).clip(0, 1), (0.95, 0.66, 0.40))
    nerve = eye.optic_disc
    atrophy = Spot(nerve.x - nerve.radius * 0.75, nerve.y, nerve.radius * 1.5, 1.15)
    crescent = disc(canvas, atrophy) * (1 - disc(canvas, nerve))
    canvas.paint(0.95 * crescent, SCLERA)
    canvas.mark(crescent, Structure.OTHER_LESION)


def _detachment(canvas: Canvas, _eye: Eye, rng: np.random.Generator) -> None:
    """Paint the detached, grey, folded retina on one side of a wavy line."""
    height = rng.uniform(-0.15, 0.10)
    wave = 0.10 * np.sin(canvas.x * rng.uniform(3, 6) + rng.uniform(0, 6.28))
    depth = (canvas.y - height - wave - 0.2 * canvas.x * rng.uniform(-1, 1)) * rng.choice((-1, 1))
    detached = (depth / 0.06).clip(0, 1).astype(np.float32)
    canvas.paint(0.85 * detached, (0.62, 0.60, 0.56))
    canvas.mark(detached, Structure.OTHER_LESION)
    ripples = np.sin(depth * rng.uniform(16, 24) + 2.5 * np.sin(canvas.x * 4))
    canvas.darken((0.22 * detached * ripples.clip(0, 1)).astype(np.float32))
    edge = np.exp(-((depth / 0.05) ** 2)).astype(np.float32)
    canvas.paint(0.7 * edge, (0.85, 0.82, 0.74))


def _macular_scar(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    outline = _blob(eye.macula, rng.uniform(0.20, 0.28), rng)
    scar = blurred(canvas, polygon(canvas, outline), 0.025)
    canvas.paint(0.8 * scar, PIGMENT)
    canvas.mark(scar, Structure.OTHER_LESION)
    inner = (outline - outline.mean(0)) * 0.82 + outline.mean(0)
    canvas.paint(0.9 * blurred(canvas, polygon(canvas, inner), 0.015), SCLERA)
    clumps = cluster(eye.macula, rng, 8, 0.09, (0.02, 0.045))
    pigment = spots(canvas, clumps)
    canvas.paint(0.9 * pigment, PIGMENT)
    canvas.mark(pigment, Structure.OTHER_LESION)


def _blob(centre: Spot, radius: float, rng: np.random.Generator) -> Array:
    """An irregular outline (24, 2) around a centre."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    waves = sum(rng.uniform(0, 0.16) * np.sin(k * angles + rng.uniform(0, 6.28)) for k in (2, 3, 5))
    reach = radius * (1 + waves)
    outline = np.stack([centre.x + reach * np.cos(angles), centre.y + reach * np.sin(angles)], 1)
    return np.asarray(outline, np.float32)


def _cataract_anatomy(eye: Eye, rng: np.random.Generator) -> Eye:
    return replace(eye, vessel_strength=rng.uniform(0.55, 0.70))


def _haze(canvas: Canvas, _eye: Eye, rng: np.random.Generator) -> None:
    """Blur and whiten the picture, as light scattered by a cloudy lens does."""
    image = canvas.to_image(mirrored=False)
    soft = image.filter(ImageFilter.GaussianBlur(canvas.size_px * 0.022))
    canvas.rgb = np.asarray(soft, np.float32) / 255
    cloud = 0.42 + 0.10 * smooth_noise(canvas, rng, num_cells=4)
    canvas.paint(cloud.clip(0, 0.75).astype(np.float32), (0.80, 0.62, 0.44))


def _disc_anomaly(eye: Eye, rng: np.random.Generator) -> Eye:
    """The disc is swollen, large and tilted, without a cup."""
    nerve = replace(
        eye.optic_disc,
        radius=eye.optic_disc.radius * rng.uniform(1.6, 1.9),
        tallness=rng.choice((0.68, 1.35)),
    )
    return replace(eye, optic_disc=nerve, cup_ratio=0.05, rim=(0.99, 0.66, 0.46))


def _disc_swelling(canvas: Canvas, eye: Eye, _rng: np.random.Generator) -> None:
    nerve = eye.optic_disc
    for ratio in (1.25, 1.5):
        halo = replace(nerve, radius=nerve.radius * ratio)
        ring = disc(canvas, halo, edge=0.12) - disc(canvas, replace(halo, radius=halo.radius * 0.9))
        canvas.paint(0.35 * ring.clip(0, 1), (0.99, 0.80, 0.58))
    canvas.paint(0.45 * disc(canvas, nerve, edge=0.4), (0.99, 0.70, 0.50))


def _laser_scars(canvas: Canvas, eye: Eye, rng: np.random.Generator) -> None:
    """Paint rings of laser burns away from the macula, pale with a dark centre."""
    burns = []
    for ring in (0.58, 0.72, 0.86):
        angles = np.arange(0, 6.28, 0.17 / ring) + rng.uniform(0, 6.28)
        for angle in angles[rng.random(len(angles)) < 0.75]:
            x, y = ring * np.cos(angle), ring * np.sin(angle)
            if np.hypot(x - eye.optic_disc.x, y - eye.optic_disc.y) > 0.25:
                burns.append(Spot(x, y, rng.uniform(0.036, 0.048)))
    scars = spots(canvas, burns)
    canvas.paint(0.85 * scars, (0.93, 0.80, 0.52))
    canvas.mark(scars, Structure.OTHER_LESION)
    canvas.paint(0.9 * spots(canvas, [replace(b, radius=b.radius * 0.5) for b in burns]), PIGMENT)


TISSUE_SIGNS: Mapping[str, FundusSign] = MappingProxyType(
    {
        "Fundus_Normal": FundusSign(),
        "Fundus_Glaucoma_Suspect": _cupping(0.56, 0.66, pallor=0.0),
        "Fundus_Glaucoma_Positive": _glaucoma_positive(),
        "Fundus_Drusen": FundusSign(over=_drusen),
        "Fundus_CNV_Wet_AMD": FundusSign(over=_wet_amd),
        "Fundus_Myopia_Degenerative": FundusSign(anatomy=_myopia_anatomy, under=_myopia),
        "Fundus_Retinal_Detachment": FundusSign(under=_detachment),
        "Fundus_Macular_Scar": FundusSign(over=_macular_scar),
        "Fundus_Cataract_Suspected": FundusSign(anatomy=_cataract_anatomy, over=_haze),
        "Fundus_Optic_Disc_Anomaly": FundusSign(anatomy=_disc_anomaly, over=_disc_swelling),
        "Fundus_Other": FundusSign(over=_laser_scars),
    }
)
"""The signs by class name."""
