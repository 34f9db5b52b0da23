"""Finds the regions around the maxima of a heat map."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from serving.explanation.area import Area

Array = np.ndarray[Any, Any]

REGION_THRESHOLD = 0.5
"""A region is where the map is at least half as strong as at its maximum."""
MAX_REGIONS = 3


@dataclass(frozen=True, kw_only=True)
class Peak:
    """A connected region of a heat map."""

    area: Area
    """The rectangle around the region, in fractions of the image."""
    strength: float
    """Mean of the map in the region, from 0 to 1."""


def peak_regions(strength: Array) -> list[Peak]:
    """At most three regions of a map [H, W] from 0 to 1, NaN where it is unknown.

    The region with the highest maximum comes first; of equal ones, the larger.
    """
    known = np.nan_to_num(strength)
    maximum = known.max()
    if maximum <= 0:
        return []
    labels, num_regions = ndimage.label(known >= REGION_THRESHOLD * maximum)
    numbers = np.arange(1, num_regions + 1)
    maxima = ndimage.maximum(known, labels, numbers)
    sizes = ndimage.sum_labels(np.ones_like(known), labels, numbers)
    means = ndimage.mean(known, labels, numbers)
    boxes = ndimage.find_objects(labels)
    order = np.lexsort((-sizes, -maxima))[:MAX_REGIONS]
    return [
        Peak(area=_fractions(boxes[index], known.shape), strength=float(means[index]))
        for index in order
    ]


def _fractions(box: tuple[slice, slice], shape: tuple[int, ...]) -> Area:
    rows, columns = box
    height, width = shape[:2]
    return Area(
        left=columns.start / width,
        top=rows.start / height,
        right=columns.stop / width,
        bottom=rows.stop / height,
    )
