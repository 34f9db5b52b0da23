"""Names a place in an image in a clinician's words."""

from dataclasses import dataclass

from serving.images.image import Laterality, Modality

CENTRE_RADIUS = 0.15
"""Of the image, as a fraction of its sides: this near its centre, a place is central."""
FOVEA_DISC_DIAMETERS = 2.5
"""The fovea lies so many diameters of the optic disc temporal of its centre."""
MACULA_DISC_DIAMETERS = 1.5
"""Radius of the macula around the fovea."""


@dataclass(frozen=True, kw_only=True)
class Disc:
    """Centre and diameter of the optic disc, in fractions of the image's width and height."""

    x: float
    y: float
    width: float
    height: float


def locate(
    x: float,
    y: float,
    *,
    modality: Modality | None,
    laterality: Laterality | None,
    disc: Disc | None = None,
) -> str:
    """The place of a point whose coordinates are fractions of width and height; y grows downwards.

    Nasal and temporal need the laterality: in the photograph of a right eye, as in its horizontal
    scan, nasal is on the right of the image. Without it, the side of the image is named. The macula is
    named only where the optic disc is known. Empty if the modality is neither fundus nor OCT.
    """
    if modality is Modality.OCT:
        return _on_scan(x, laterality)
    if modality is not Modality.FUNDUS:
        return ""
    if disc is not None and laterality is not None:
        return _beside_disc(x, y, laterality, disc)
    if abs(x - 0.5) <= CENTRE_RADIUS and abs(y - 0.5) <= CENTRE_RADIUS:
        return "centre of the image"
    return _quadrant(x - 0.5, y - 0.5, laterality)


def _on_scan(x: float, laterality: Laterality | None) -> str:
    if abs(x - 0.5) <= CENTRE_RADIUS:
        return "centre of the scan"
    if laterality is None:
        return f"{'left' if x < 0.5 else 'right'} side of the scan"
    return f"{_side(x - 0.5, laterality)} part of the scan"


def _beside_disc(x: float, y: float, laterality: Laterality, disc: Disc) -> str:
    from_disc_x, from_disc_y = (x - disc.x) / disc.width, (y - disc.y) / disc.height
    if from_disc_x**2 + from_disc_y**2 <= 0.25:
        return "optic disc"
    temporal = -1 if laterality is Laterality.RIGHT else 1
    fovea_x = from_disc_x - temporal * FOVEA_DISC_DIAMETERS
    if fovea_x**2 + from_disc_y**2 <= MACULA_DISC_DIAMETERS**2:
        return "macula"
    return _quadrant(fovea_x, from_disc_y, laterality)


def _quadrant(right: float, down: float, laterality: Laterality | None) -> str:
    vertical = "superior" if down < 0 else "inferior"
    if laterality is None:
        return f"{vertical} part, {'left' if right < 0 else 'right'} side of the image"
    return f"{vertical} {_side(right, laterality)} quadrant"


def _side(right: float, laterality: Laterality) -> str:
    is_nasal = (right >= 0) == (laterality is Laterality.RIGHT)
    return "nasal" if is_nasal else "temporal"
