"""Decodes JPEG streams of 8 bits with Pillow, and decides whether their colours are RGB or YCbCr."""

import io
from typing import Any

import numpy as np
from PIL import Image

from serving.images.dicom.description import PixelDescription
from serving.images.refusal import unreadable

_RGB, _LOWER_RGB = (82, 71, 66), (114, 103, 98)

Frame = np.ndarray[Any, np.dtype[Any]]


def decode_jpeg(stream: bytes, description: PixelDescription, notes: list[str]) -> Frame:
    """Grey [H, W] or RGB [H, W, 3], uint8.

    Marks in the stream decide whether it holds RGB: the names of its components, JFIF (which means YCbCr)
    and Adobe's mark. Only without a mark does the photometric interpretation decide.
    """
    with Image.open(io.BytesIO(stream), formats=("JPEG",)) as image:
        if image.size != (description.columns, description.rows):
            raise unreadable("A JPEG stream differs in size from what the DICOM file declares.")
        if len(image.getbands()) != description.samples:
            raise unreadable("A JPEG stream differs in its colours from what the file declares.")
        if description.samples == 1:
            return np.array(image)
        is_rgb = _is_rgb(image)
        if is_rgb is None:
            is_rgb = description.photometric == "RGB"
        elif is_rgb != (description.photometric == "RGB"):
            notes.append(
                "the photometric interpretation differs from the JPEG stream: the stream decides"
            )
        if is_rgb and not _libjpeg_takes_for_rgb(image):
            # libjpeg believes that they are YCbCr: asked for YCbCr, it leaves the samples as they are.
            image.draft("YCbCr", image.size)
            return np.array(image)
        return np.array(image.convert("RGB"))


def _is_rgb(image: Any) -> bool | None:
    """Whether the marks in the stream say RGB; None if it has no mark."""
    if _component_names(image) in (_RGB, _LOWER_RGB):
        return True
    if "jfif" in image.info:
        return False
    if "adobe_transform" in image.info:
        return bool(image.info["adobe_transform"] == 0)
    return None


def _libjpeg_takes_for_rgb(image: Any) -> bool:
    """Whether libjpeg itself reads RGB from the stream: of component names, it knows only R, G and B."""
    if "jfif" in image.info:
        return False
    if "adobe_transform" in image.info:
        return bool(image.info["adobe_transform"] == 0)
    return _component_names(image) == _RGB


def _component_names(image: Any) -> tuple[int, ...]:
    return tuple(component[0] for component in image.layer)
