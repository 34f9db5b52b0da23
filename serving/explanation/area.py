"""A rectangle of an image in fractions of its width and height."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Area:
    """Edges as fractions of the image, from 0 at its left and upper edge to 1."""

    left: float
    top: float
    right: float
    bottom: float


WHOLE = Area(left=0.0, top=0.0, right=1.0, bottom=1.0)


def seen_area(height: int, width: int, *, framing: str, decode_size: int, image_size: int) -> Area:
    """The part of an image of `height` x `width` pixels that a classifier of the recipes sees.

    With the framing "crop" the shorter side is scaled to `decode_size` pixels, and the central
    square of `image_size` pixels is the input of the network. Any other framing keeps the whole
    image. Raises ValueError if a size is not positive.
    """
    if min(height, width, decode_size, image_size) < 1:
        raise ValueError(
            "Expected sizes of at least one pixel, but "
            f"{height} x {width}, {decode_size} and {image_size} came."
        )
    if framing != "crop":
        return WHOLE
    scale = decode_size / min(height, width)
    top, bottom = _central(round(height * scale), image_size)
    left, right = _central(round(width * scale), image_size)
    return Area(left=left, top=top, right=right, bottom=bottom)


def _central(num_pixels: int, kept: int) -> tuple[float, float]:
    start = max(0, (num_pixels - kept) // 2)
    return start / num_pixels, min(num_pixels, start + kept) / num_pixels
