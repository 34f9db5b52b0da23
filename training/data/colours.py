"""Converts the pixels of an opened image, of any mode of Pillow, to 8-bit RGB.

`to_rgb` drops transparency, so that a pixel keeps the colour that is stored in it; `on_white` shows
what a viewer sees on a white page.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

from training.data.greys import DeclaredLevels, Levels, NotFiniteError, to_eight_bits, usual_maximum

FULL_16_BIT_FORMATS = ("PPM", "JPEG2000")
"""Formats whose decoders in Pillow scale the levels of any depth to 16 bits."""
DARKEST_HIGH_BYTE = 64
"""Colours of 16 bits below this in their high bytes use at most 14 bits."""

_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
_MIN_SAMPLE_VALUES, _MAX_SAMPLE_VALUES = (340, 280), (341, 281)
_WHITE_IS_ZERO, _UNSIGNED, _SIGNED = 0, 1, 2
_SWAPPED_BYTES = {
    f"{colours};16{order}": f"{colours};16{other}"
    for colours in ("RGB", "RGBX", "RGBA", "CMYK")
    for order, other in (("B", "L"), ("L", "B"))
}


class UnsuitablePixelsError(ValueError):
    """Pixels that cannot be shown as colours; the message has nothing of the file."""


def to_rgb(image: Image.Image, content: bytes) -> Image.Image:
    """The pixels of the opened `image` in RGB; `content` is its whole file."""
    raw_mode = _raw_mode(image)
    image.load()
    if _is_deep_grey(image):
        return _rgb_of_greys(image)
    if image.mode == "LAB":
        return _rgb_of_lab(image)
    if image.mode in ("La", "RGBa"):
        return image.convert(image.mode.upper()).convert("RGB")
    rgb = image.convert("RGB")
    if ";16" in raw_mode and image.mode != "CMYK" and np.asarray(rgb).max() < DARKEST_HIGH_BYTE:
        return _rgb_of_dark_colours(rgb, raw_mode, content)
    return rgb


def on_white(image: Image.Image, content: bytes) -> Image.Image:
    """As `to_rgb`, with transparent pixels over white."""
    rgb = to_rgb(image, content)
    if not image.has_transparency_data or _is_deep_grey(image):
        return rgb
    alpha = image.convert("RGBA").getchannel("A")
    return Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)


def _is_deep_grey(image: Image.Image) -> bool:
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _rgb_of_greys(image: Image.Image) -> Image.Image:
    levels, declared = _levels(image)
    try:
        return Image.fromarray(to_eight_bits(levels, declared)).convert("RGB")
    except NotFiniteError as error:
        raise UnsuitablePixelsError(str(error)) from None


def _levels(image: Image.Image) -> tuple[Levels, DeclaredLevels]:
    levels: Levels = np.asarray(image)
    if image.format in FULL_16_BIT_FORMATS and image.mode != "F":
        return levels, DeclaredLevels(highest=65535)
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return levels, DeclaredLevels()
    tags = image.tag_v2
    bits, sample_format = _first(tags.get(_BITS_PER_SAMPLE, 0)), _first(tags.get(_SAMPLE_FORMAT, 1))
    if bits == 32 and sample_format == _UNSIGNED and image.mode == "I":
        levels = levels.view(np.uint32)
    highest = next((tags[tag] for tag in _MAX_SAMPLE_VALUES if tag in tags), None)
    if highest is None and bits == 12:
        highest = 4095
    lowest = next((tags[tag] for tag in _MIN_SAMPLE_VALUES if tag in tags), None)
    return levels, DeclaredLevels(
        # Some programs write the extremes of the pixels here, and not those of the scale.
        lowest=None if lowest is None else min(0.0, _first(lowest)),
        highest=None if highest is None else _scale_of(_first(highest)),
        most_bits=_most_bits(image.mode, int(bits), is_signed=sample_format == _SIGNED),
        white_is_zero=tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO,
    )


def _most_bits(mode: str, bits: int, *, is_signed: bool) -> int:
    return bits - is_signed if mode != "F" and bits > 8 else 32


def _scale_of(highest: float) -> float:
    return 1.0 if highest <= 1 else usual_maximum(highest)


def _first(value: Any) -> float:
    return float(value[0] if isinstance(value, Sequence) else value)


def _rgb_of_lab(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None  # it is None only if the image is changed in place
    return converted


def _raw_mode(image: Image.Image) -> str:
    """Pillow's name for the layout of the bytes of the pixels in the file."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return ""
    arguments = tiles[0].args
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _rgb_of_dark_colours(high: Image.Image, raw_mode: str, content: bytes) -> Image.Image:
    """Colours of 16 bits that use fewer, of which Pillow reads the high bytes only."""
    if raw_mode not in _SWAPPED_BYTES:
        raise UnsuitablePixelsError("colours of 16 bits that use few of them; save it with 8 bits")
    with Image.open(io.BytesIO(content)) as image:
        image.tile = [
            tile._replace(args=_with_raw_mode(tile.args, _SWAPPED_BYTES[raw_mode]))
            for tile in image.tile
        ]
        low = np.asarray(image.convert("RGB"))
    levels = np.asarray(high).astype(np.uint16) * 256 + low
    return Image.fromarray(to_eight_bits(levels, DeclaredLevels()))


def _with_raw_mode(arguments: Any, raw_mode: str) -> Any:
    return (raw_mode, *arguments[1:]) if isinstance(arguments, tuple) else raw_mode
