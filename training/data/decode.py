"""Decodes an image file into a square uint8 tensor of a given size, on the CPU."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from training.data.framing import Framing
from training.errors import DataError


class UnreadableImageError(DataError):
    """An image file that cannot be decoded; `path` is relative to the data set's root."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"The image {path} cannot be read ({reason}). Replace or remove it, "
            "or skip such images with --skip-bad-images."
        )
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type["UnreadableImageError"], tuple[str, str]]:
        return (UnreadableImageError, (self.path, self.reason))


def decode_image(root: Path, path: str, size: int, framing: Framing) -> Tensor:
    """Read an image as uint8 [3, size, size].

    Raises UnreadableImageError if the file is missing, damaged or truncated.
    """
    try:
        with Image.open(root / path) as image:
            return _to_tensor(_frame(image, size, framing))
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise UnreadableImageError(path, _reason(error)) from None
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(path, f"too large: {error}") from None


def _frame(image: Image.Image, size: int, framing: Framing) -> Image.Image:
    # A JPEG is decoded at 1/2, 1/4 or 1/8 of its size if that is still large enough: a full fundus
    # photograph has ten million pixels or more.
    image.draft("RGB", (size, size))
    upright = _eight_bit(ImageOps.exif_transpose(image)).convert("RGB")
    if framing is Framing.STRETCH:
        return upright.resize((size, size), Image.Resampling.BICUBIC)
    return ImageOps.fit(upright, (size, size), Image.Resampling.BICUBIC)


def _eight_bit(image: Image.Image) -> Image.Image:
    # Some OCT exports are 16-bit greyscale, whose values above 255 Pillow would clip to white.
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
    return image


def _to_tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def _reason(error: Exception) -> str:
    # Pillow's message about an unknown format contains the full path, which may name a patient.
    if isinstance(error, UnidentifiedImageError):
        return "not an image of a known format"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).splitlines()[0][:120].lower() if str(error) else type(error).__name__
