"""Turns a class map into the masks of an answer, and draws them over the image."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.explanation.picture import png
from serving.images.image import Pixels
from serving.v1 import diagnosis_pb2 as pb

Array = np.ndarray[Any, Any]

BACKGROUND = 0
OPACITY = 0.5
# Okabe and Ito 2008: told apart by the colour-blind.
COLOURS = (
    *((86, 180, 233), (240, 228, 66), (0, 158, 115), (230, 159, 0)),
    *((0, 114, 178), (204, 121, 167), (213, 94, 0)),
)


def masks_of(class_map: Array, classes: Sequence[str]) -> list[pb.Mask]:
    """One mask for each class but the background, as PNG of 0 and 255 in the size of the image.

    `class_map` is uint8 [H, W] with positions in `classes`; position 0 is the background. Masks
    without pixels are there too: they say that the model found nothing. Raises ValueError if the
    map has other values.
    """
    require_class_map(class_map, classes)
    return [
        _mask(class_map == index, name) for index, name in enumerate(classes) if index != BACKGROUND
    ]


def draw_masks(image: Pixels, class_map: Array, classes: Sequence[str]) -> Pixels:
    """The classes in colours over `image` [H, W, 3]; the background stays as it is.

    Raises ValueError if the map does not fit the image or the classes.
    """
    require_class_map(class_map, classes)
    if class_map.shape != image.shape[:2]:
        raise ValueError(
            f"The class map has {list(class_map.shape)} pixels, the image {list(image.shape[:2])}."
        )
    drawn = image.copy()
    for index in range(len(classes)):
        if index != BACKGROUND:
            colour = np.array(COLOURS[(index - 1) % len(COLOURS)])
            pixels = class_map == index
            drawn[pixels] = ((1 - OPACITY) * image[pixels] + OPACITY * colour).astype(np.uint8)
    return drawn


def require_class_map(class_map: Array, classes: Sequence[str]) -> None:
    """Raises ValueError unless the map is uint8 [H, W] with positions in `classes`."""
    if class_map.dtype != np.uint8 or class_map.ndim != 2 or class_map.size == 0:
        raise ValueError(
            f"Expected uint8 [H, W], but {class_map.dtype} {list(class_map.shape)} came."
        )
    highest = int(class_map.max())
    if highest >= len(classes):
        raise ValueError(f"The class map holds {highest}, but there are {len(classes)} classes.")


def _mask(pixels: Array, name: str) -> pb.Mask:
    white = pixels.astype(np.uint8) * 255
    return pb.Mask(class_name=name, png=png(white), area=float(pixels.mean()))
