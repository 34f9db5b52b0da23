"""Decides whether a Grad-CAM map shows anything."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

MIN_LOGITS = 0.01
"""A logit that changes by 0.01 changes no probability by more than 0.0025."""
MIN_CONTRAST = 0.1
MIN_SHARE_OF_REFERENCE = 0.2


def flat_reason(values: Array, reference: float) -> str:
    """Why the unscaled map [h, w] shows no place; empty if it shows one.

    A map is scaled to its maximum before it is drawn, so one that is nearly constant, or that
    consists of rounding errors, would be drawn as strong as any other. A map counts as flat

    - if it has no positive value: nothing speaks for the class;
    - if its sum is below 0.01. To first order, the sum is what the activations add to the logit;
    - if its maximum is less than 10 % above its median, relative to the maximum;
    - if its peak (maximum less median) is lower than a fifth of `reference`: the median peak of
      maps of the same activations with the same channel weights in random order. The weights then
      cancel what differs between the places, and the rest can be chance. 0 leaves this test out.
    """
    if values.size == 0 or not np.isfinite(values).all():
        return "no map: the values are not finite"
    maximum = float(values.max())
    if maximum <= 0:
        return "no map: flat (nothing in the image speaks for the class)"
    if float(values.sum()) < MIN_LOGITS:
        return "no map: flat (all places together add less than 0.01 to the class's output)"
    peak = maximum - float(np.median(values))
    if peak < MIN_CONTRAST * maximum:
        return "no map: flat (all places speak for the class nearly alike)"
    if peak < MIN_SHARE_OF_REFERENCE * reference:
        return "no map: flat (the places differ less than by chance)"
    return ""
