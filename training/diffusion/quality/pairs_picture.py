"""Draws flagged images beside the training images that they are close to."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from training.diffusion.quality.features import Picture, require_picture
from training.diffusion.quality.schema import FlaggedPair
from training.errors import DataError

MAX_SHOWN = 16
COLUMNS = 4
GAP_PX = 8
GREY = 128


def pairs_picture(
    generated: Sequence[Picture],
    train: Sequence[Picture],
    pairs: Sequence[FlaggedPair],
    *,
    side_px: int = 160,
) -> Picture:
    """RGB, uint8 [H, W, 3]: the first 16 pairs, the generated image to the left of the real one.

    The sequences may read their images when they are asked for one. Raises DataError if there are no
    pairs, or one names an image that is not there.
    """
    if not pairs:
        raise DataError("Expected flagged pairs to draw, but there are none: draw no picture.")
    shown = list(pairs)[:MAX_SHOWN]
    num_columns = min(COLUMNS, len(shown))
    num_rows = -(-len(shown) // num_columns)
    width, height = 2 * side_px + GAP_PX, side_px + GAP_PX
    sheet = np.full((num_rows * height + GAP_PX, num_columns * width + GAP_PX, 3), GREY, np.uint8)
    for place, pair in enumerate(shown):
        top = GAP_PX + place // num_columns * height
        left = GAP_PX + place % num_columns * width
        for images, index in ((generated, pair.generated), (train, pair.train)):
            sheet[top : top + side_px, left : left + side_px] = _square(images, index, side_px)
            left += side_px
    return sheet


def _square(images: Sequence[Picture], index: int, side_px: int) -> Picture:
    if not 0 <= index < len(images):
        raise DataError(
            f"A flagged pair names the image {index}, but there are {len(images)}: pass the images "
            "that were checked, in the same order."
        )
    require_picture(images[index])
    image = Image.fromarray(np.ascontiguousarray(images[index]))
    return np.asarray(image.resize((side_px, side_px), Image.Resampling.BICUBIC))
