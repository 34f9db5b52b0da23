"""Turns an image upright, as the orientation in its EXIF data says."""

import contextlib

from PIL import ExifTags, Image

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


UPRIGHT = 1
SIDEWAYS = frozenset({5, 6, 7, 8})
"""Orientations that exchange width and height."""


def upright(pixels: Image.Image, source: Image.Image) -> Image.Image:
    """`pixels` turned as the EXIF data of `source` says; as they are if these cannot be read.

    Pillow's own function writes the EXIF data back, which fails for data that it can read.
    """
    turn = _TURNS.get(orientation(source))
    return pixels if turn is None else pixels.transpose(turn)


def orientation(source: Image.Image) -> int:
    """The orientation in the EXIF data; UPRIGHT if there is none that can be read."""
    found = None
    with contextlib.suppress(Exception):  # the pixels are fine without the EXIF data
        found = source.getexif().get(ExifTags.Base.Orientation)
    return found if isinstance(found, int) and found in _TURNS else UPRIGHT
