"""Encodes an image of a step as MLflow's UI expects it: two files named by key, step and time."""

import io
import re
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

FOLDER = "images"
THUMBNAIL_SIZE = 256
VALID_KEY = re.compile(r"[a-zA-Z0-9_\-./ ]+")


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An artifact path and its content."""

    path: str
    content: bytes


def stepped_image_files(
    pixels: np.ndarray[Any, Any], key: str, step: int, timestamp_ms: int
) -> list[ImageFile]:
    """The full image, and the thumbnail that the UI shows first."""
    require_rgb(pixels, key)
    if not VALID_KEY.fullmatch(key):
        raise ValueError(
            f"An image's key may contain only letters, digits, spaces and _-./, but it is {key!r}."
        )
    picture = Image.fromarray(pixels)
    thumbnail = picture.copy()
    thumbnail.thumbnail((THUMBNAIL_SIZE, THUMBNAIL_SIZE))
    unique = f"timestamp+{timestamp_ms}+{uuid.uuid4()}"
    stem = f"{FOLDER}/{key.replace('/', '~')}+step+{step}+{unique}"
    return [
        ImageFile(f"{stem}.png", _encoded(picture, "png")),
        ImageFile(f"{stem}+compressed.webp", _encoded(thumbnail, "webp")),
    ]


def require_rgb(pixels: np.ndarray[Any, Any], name: str) -> None:
    """Raise ValueError unless the image `name` is height x width x 3 of uint8."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ValueError(
            f"An image must be height x width x 3 of uint8, but {name!r} is "
            f"{pixels.shape} of {pixels.dtype}."
        )


def key_and_step(artifact_path: str) -> str | None:
    """The part of the path that identifies key and step; None if it is not an image of a step."""
    if not artifact_path.startswith(f"{FOLDER}/"):
        return None
    prefix, separator, _ = artifact_path.partition("+timestamp+")
    return prefix if separator else None


def is_thumbnail(artifact_path: str) -> bool:
    """Whether this is the file that is uploaded last, whose presence means a complete image."""
    return artifact_path.endswith("+compressed.webp")


def _encoded(image: Image.Image, file_format: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return buffer.getvalue()
