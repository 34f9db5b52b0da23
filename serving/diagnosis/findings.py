"""Lists what the model itself shows: its class, the regions of its heat map, its masks. Nothing else."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image, UnidentifiedImageError
from scipy import ndimage

from serving.diagnosis.location import Disc, locate
from serving.diagnosis.risk import PositiveCondition
from serving.images.image import Laterality, Modality
from serving.v1 import diagnosis_pb2 as pb

MIN_AREA = 0.0002
"""Of a mask, as a fraction of the image: fewer pixels are no finding."""

_SEVERITIES = ("mild", "moderate", "severe")
_ANATOMY = re.compile(
    r"background|vessel|artery|vein|disc|cup|fovea|macula|retina|epithelium|layer|choroid|vitreous",
    re.IGNORECASE,
)
_LESION = re.compile(r"lesion|deposit|fluid|detach|haemorrhage|hemorrhage", re.IGNORECASE)
_DISC = re.compile(r"(optic[\W_]*)?(disc|disk)", re.IGNORECASE)


class FindingSource(StrEnum):
    CLASS = "class"
    HEAT_MAP = "heat_map"
    SEGMENTATION = "segmentation"


@dataclass(frozen=True, kw_only=True)
class Place:
    """The modality of an image and the side of its eye; None if unknown."""

    modality: Modality | None
    laterality: Laterality | None


@dataclass(frozen=True, kw_only=True)
class _Region:
    x: float
    y: float
    width: float
    height: float


def severity_of(class_name: str) -> str:
    """mild, moderate or severe if the name of the class says so; empty otherwise."""
    words = re.split(r"[\W_]+", class_name.casefold())
    found = [word for word in _SEVERITIES if word in words]
    return found[0] if len(found) == 1 else ""


def list_findings(
    *,
    class_name: str,
    positives: Sequence[PositiveCondition],
    heat_map: pb.HeatMap | None,
    masks: Sequence[pb.Mask],
    place: Place,
) -> list[pb.Finding]:
    """Findings of one image, without ids.

    `class_name` is the most probable class; the heat map is that of the first of the positives.
    """
    disc = _disc_of(masks)
    peaks = [] if heat_map is None else heat_map.peaks
    places = [
        _locate(_Region(x=p.x, y=p.y, width=p.width, height=p.height), place, disc) for p in peaks
    ]
    found = [item for item in positives if not item.row.is_normal]
    findings = [
        # The heat map is about the first condition.
        _of_class(item, class_name, places[0] if places and item is found[0] else "")
        for item in found
    ]
    if heat_map is not None and found:
        findings += [
            _of_peak(peak, heat_map.class_name, location)
            for peak, location in zip(peaks, places, strict=True)
        ]
    findings += [finding for mask in masks if (finding := _of_mask(mask, place, disc))]
    return findings


def located_heat_map(heat_map: pb.HeatMap, masks: Sequence[pb.Mask], place: Place) -> pb.HeatMap:
    """The heat map with the location of each peak that has none yet."""
    located = pb.HeatMap()
    located.CopyFrom(heat_map)
    disc = _disc_of(masks)
    for peak in located.peaks:
        region = _Region(x=peak.x, y=peak.y, width=peak.width, height=peak.height)
        peak.location = peak.location or _locate(region, place, disc)
    return located


def _of_class(item: PositiveCondition, class_name: str, location: str) -> pb.Finding:
    return pb.Finding(
        pathology=item.row.label,
        description=(
            f"The model gives {item.row.label} a probability of {item.probability:.2f}; "
            f"its most probable class is {class_name}."
        ),
        location=location,
        severity=severity_of(item.row.label),
        confidence=item.probability,
        source=FindingSource.CLASS,
    )


def _of_peak(peak: pb.PeakRegion, class_name: str, location: str) -> pb.Finding:
    return pb.Finding(
        pathology=class_name,
        description=f"A region that speaks for {class_name} in the heat map.",
        location=location,
        severity=severity_of(class_name),
        confidence=peak.strength,
        source=FindingSource.HEAT_MAP,
    )


def _of_mask(mask: pb.Mask, place: Place, disc: Disc | None) -> pb.Finding | None:
    """None for the parts of a healthy eye, and for a mask with too few pixels."""
    is_anatomy = _ANATOMY.search(mask.class_name) and not _LESION.search(mask.class_name)
    region = None if is_anatomy or mask.area < MIN_AREA else _region_of(mask.png)
    if region is None:
        return None
    return pb.Finding(
        pathology=mask.class_name.replace("_", " "),
        description=f"The segmentation marks {mask.area:.2%} of the image.",
        location=_locate(region, place, disc),
        # A mask has no probability.
        confidence=0.0,
        source=FindingSource.SEGMENTATION,
    )


def _locate(region: _Region, place: Place, disc: Disc | None) -> str:
    return locate(
        region.x + region.width / 2,
        region.y + region.height / 2,
        modality=place.modality,
        laterality=place.laterality,
        disc=disc,
    )


def _disc_of(masks: Sequence[pb.Mask]) -> Disc | None:
    for mask in masks:
        if _DISC.fullmatch(mask.class_name) and mask.area >= MIN_AREA:
            region = _region_of(mask.png)
            if region is not None:
                return Disc(
                    x=region.x + region.width / 2,
                    y=region.y + region.height / 2,
                    width=region.width,
                    height=region.height,
                )
    return None


def _region_of(png: bytes) -> _Region | None:
    """The box around the largest connected region of a mask; None if there is none, or no picture."""
    try:
        with Image.open(io.BytesIO(png)) as picture:
            pixels = np.asarray(picture.convert("L")) > 127
    except (UnidentifiedImageError, OSError, ValueError):
        return None
    labels, num_regions = ndimage.label(pixels)
    if num_regions == 0:
        return None
    largest = int(np.bincount(labels.ravel())[1:].argmax())
    rows, columns = ndimage.find_objects(labels)[largest]
    height, width = pixels.shape
    return _Region(
        x=columns.start / width,
        y=rows.start / height,
        width=(columns.stop - columns.start) / width,
        height=(rows.stop - rows.start) / height,
    )
