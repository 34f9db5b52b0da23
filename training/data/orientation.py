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


def upright(pixels: Image.Image, source: Image.Image) -> Image.Image:
    """`pixels` turned as the EXIF data of `source` says; as they are if these cannot be read.

    Pillow's own function writes the EXIF data back, which fails for data that it can read.
    """
    orientation = None
    with contextlib.suppress(Exception):  # the pixels are fine without the EXIF data
        orientation = source.getexif().get(ExifTags.Base.Orientation)
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return pixels if turn is None else pixels.transpose(turn)
