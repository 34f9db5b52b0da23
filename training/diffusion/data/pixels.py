"""Reads an image and its mask as a training sample: scaled, cropped and perhaps flipped."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from training.data.colours import on_white
from training.data.decode import UnreadableImageError, read_image
from training.data.mask_folder import MaskError
from training.diffusion.data.buckets import Placement
from training.errors import DataError

WHOLE = 2**31
"""A size that no JPEG is reduced to."""


def read_pixels(
    root: Path,
    path: str,
    placement: Placement,
    *,
    crop: Sequence[float] = (0.5, 0.5),
    flip: bool = False,
) -> Tensor:
    """An image in its bucket, float32 [3, height, width] from -1 to 1; transparency is over white.

    `crop` are the shares of the free room on the left and above. Raises UnreadableImageError, or
    DataError if the image has another size than it had.
    """
    image = read_image(root, path, max(placement.scaled), on_white)
    if image.upright_size != placement.original:
        width, height = placement.original
        raise DataError(
            f"An image has changed while the training ran: it had {width} x {height} pixels. Start the "
            "training again."
        )
    levels = torch.from_numpy(np.array(_framed(image.rgb, placement, crop, flip)))
    return levels.permute(2, 0, 1).contiguous().float() / 127.5 - 1


def read_mask(
    mask: Path | None,
    image_path: str,
    placement: Placement,
    cells: tuple[int, int],
    *,
    crop: Sequence[float] = (0.5, 0.5),
    flip: bool = False,
) -> Tensor:
    """The weights of an image's latents, float32 [1, *cells] from 0 to 1, by height and width.

    A cell has the mean of its pixels: white counts, black does not. An image without mask counts
    whole. Raises MaskError.
    """
    if mask is None:
        return torch.ones(1, *cells)
    grey = open_mask(mask, image_path, placement.original)
    levels = torch.from_numpy(np.array(_framed(grey, placement, crop, flip), dtype=np.float32))
    return adaptive_avg_pool2d(levels[None] / 255, cells)


def open_mask(mask: Path, image_path: str, size: tuple[int, int]) -> Image.Image:
    """The levels of a mask of 8 bits. Raises MaskError if it cannot be read or is not of this size."""
    try:
        decoded = read_image(mask.parent, mask.name, WHOLE)
    except UnreadableImageError as error:
        raise MaskError(image_path, f"it cannot be read ({error.reason})") from None
    if decoded.upright_size != size:
        (width, height), (came_width, came_height) = size, decoded.upright_size
        raise MaskError(
            image_path,
            f"the size of its image, {width} x {height}, was expected, and {came_width} x "
            f"{came_height} came",
        )
    return decoded.rgb.convert("L")


def _framed(
    image: Image.Image, placement: Placement, crop: Sequence[float], flip: bool
) -> Image.Image:
    left, top = placement.crop(*crop)
    bucket = placement.bucket
    scaled = image.resize(placement.scaled, Image.Resampling.LANCZOS)
    framed = scaled.crop((left, top, left + bucket.width, top + bucket.height))
    return framed.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else framed
