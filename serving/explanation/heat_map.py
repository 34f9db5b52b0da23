"""Turns the raw map of a class into the heat map of an answer: pictures and peak regions."""

from dataclasses import dataclass

import numpy as np

from serving.engine.protocol import RawHeatMap
from serving.explanation.flatness import flat_reason
from serving.explanation.peaks import Peak, peak_regions
from serving.explanation.picture import map_over_image, map_png, overlay, png, shown_image
from serving.images.image import Pixels
from serving.v1 import diagnosis_pb2 as pb


@dataclass(frozen=True, kw_only=True)
class DrawnHeatMap:
    """A heat map over an image; without pictures if there is a reason for it."""

    message: pb.HeatMap
    """Its peaks have no location yet."""
    overlay: Pixels | None
    """RGB, uint8 [H, W, 3], in the size of the image shown."""


def draw_heat_map(raw: RawHeatMap, image: Pixels, class_name: str) -> DrawnHeatMap:
    """The heat map of `class_name` over `image` [H, W, 3], at most 1024 pixels on the longer side."""
    reason = raw.absent_reason or flat_reason(raw.values, raw.reference)
    if reason:
        return _absent(reason, class_name, raw.method)
    shown = shown_image(image)
    strength = map_over_image(raw.values, raw.seen, *shown.shape[:2])
    strength = strength / np.nanmax(strength)
    drawn = overlay(shown, strength)
    message = pb.HeatMap(
        class_name=class_name,
        method=raw.method,
        map_png=map_png(strength),
        overlay_png=png(drawn),
        image_png=png(shown),
        peaks=[_message(peak) for peak in peak_regions(strength)],
    )
    return DrawnHeatMap(message=message, overlay=drawn)


def _absent(reason: str, class_name: str, method: str) -> DrawnHeatMap:
    message = pb.HeatMap(absent_reason=reason, class_name=class_name, method=method)
    return DrawnHeatMap(message=message, overlay=None)


def _message(peak: Peak) -> pb.PeakRegion:
    area = peak.area
    return pb.PeakRegion(
        x=area.left,
        y=area.top,
        width=area.right - area.left,
        height=area.bottom - area.top,
        strength=peak.strength,
    )
