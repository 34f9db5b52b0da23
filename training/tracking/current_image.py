"""Encodes the image that a run learns from at the moment, in a few files that replace each other."""

import io
from typing import Any

import numpy as np
from PIL import Image

from tracking_plugin.names import CURRENT_IMAGE
from training.tracking.stepped_image import require_rgb

NUM_FILES = 4
"""Browsers load a picture again when its address changes, so that one file would not do."""

LARGEST_SIDE = 512


def current_image_path(number: int) -> str:
    """The artifact path of the current image `number`."""
    return f"{CURRENT_IMAGE}/{number % NUM_FILES}.jpg"


def current_image_jpeg(pixels: np.ndarray[Any, Any]) -> bytes:
    """`pixels` as a small JPEG. Raises ValueError unless they are height x width x 3 of uint8."""
    require_rgb(pixels, CURRENT_IMAGE)
    picture = Image.fromarray(pixels)
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "jpeg", quality=85)
    return buffer.getvalue()
