"""Decodes an image file into a square uint8 tensor of a given size, on the CPU."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from training.data.colours import UnsuitablePixelsError, to_rgb
from training.data.framing import Framing
from training.data.orientation import SIDEWAYS, orientation, upright
from training.errors import DataError
from training.file_kind import HEAD_BYTES, NotAFileError, file_kind, read_file

MAX_FILE_BYTES = 2**31
DIGEST_BYTES = 16

ToRgb = Callable[[Image.Image, bytes], Image.Image]


class UnreadableImageError(DataError):
    """An image file that cannot be decoded; `path` is relative to the data set's root."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"The image {printable_path(path)} cannot be read ({reason}). Replace or remove it, "
            "or skip such images with --skip-bad-images."
        )
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type["UnreadableImageError"], tuple[str, str]]:
        return (UnreadableImageError, (self.path, self.reason))


@dataclass(frozen=True, kw_only=True)
class DecodedImage:
    """An upright image in 8-bit RGB, perhaps decoded at a fraction of its size."""

    rgb: Image.Image
    mode: str
    """Pillow's mode of the pixels in the file."""
    width: int
    height: int
    num_pages: int
    orientation: int
    """As in the EXIF data; 1 is upright."""
    has_alpha: bool
    content: bytes

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the whole image once it is turned upright."""
        size = self.width, self.height
        return size[::-1] if self.orientation in SIDEWAYS else size

    @property
    def file_digest(self) -> bytes:
        return hashlib.blake2b(self.content, digest_size=DIGEST_BYTES).digest()


def decode_image(root: Path, path: str, size: int, framing: Framing) -> Tensor:
    """Read an image as uint8 [3, size, size].

    Raises UnreadableImageError if the file is missing, damaged or truncated.
    """
    return square_tensor(read_image(root, path, size).rgb, size, framing)


def square_tensor(rgb: Image.Image, size: int, framing: Framing) -> Tensor:
    """An RGB image of any size as uint8 [3, size, size]."""
    return _to_tensor(_frame(rgb, size, framing))


def read_image(root: Path, path: str, size: int, convert: ToRgb = to_rgb) -> DecodedImage:
    """Decode the file to at least `size` pixels per side, if it has as many.

    `convert` makes 8-bit RGB of the opened image and its whole file.

    Raises UnreadableImageError if the file is missing, damaged or truncated. Its reason quotes
    nothing of the file.
    """
    try:
        content = read_file(root / path, MAX_FILE_BYTES)
    except (OSError, ValueError) as error:
        raise UnreadableImageError(path, _file_problem(error)) from None
    try:
        return _decode(content, size, convert)
    except Exception as error:  # noqa: BLE001, Pillow raises errors of any type for damaged files
        raise UnreadableImageError(path, _problem(error, content[:HEAD_BYTES])) from None


def printable_path(path: str) -> str:
    r"""The path as text that any terminal and file accepts; bytes that are not UTF-8 become \xE9."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _decode(content: bytes, size: int, convert: ToRgb) -> DecodedImage:
    with Image.open(io.BytesIO(content)) as image:
        mode, (width, height), num_pages = image.mode, image.size, _num_pages(image)
        # A JPEG is decoded at 1/2, 1/4 or 1/8 of its size if that is still large enough: a full
        # fundus photograph has ten million pixels or more.
        image.draft("RGB", (size, size))
        has_alpha = image.has_transparency_data
        rgb = upright(convert(image, content), image)
        turned = orientation(image)
    return DecodedImage(
        rgb=rgb,
        mode=mode,
        width=width,
        height=height,
        num_pages=num_pages,
        orientation=turned,
        has_alpha=has_alpha,
        content=content,
    )


def _num_pages(image: Image.Image) -> int:
    num_frames: int = getattr(image, "n_frames", 1)
    image.seek(0)
    return num_frames


def _frame(rgb: Image.Image, size: int, framing: Framing) -> Image.Image:
    if framing is Framing.STRETCH:
        return rgb.resize((size, size), Image.Resampling.BICUBIC)
    return ImageOps.fit(rgb, (size, size), Image.Resampling.BICUBIC)


def _to_tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def _file_problem(error: OSError | ValueError) -> str:
    if isinstance(error, NotAFileError):
        return "no regular file"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "no valid path"


def _problem(error: Exception, head: bytes) -> str:
    # Messages of Pillow can contain the path or parts of the file.
    if isinstance(error, UnidentifiedImageError):
        kind = file_kind(head)
        return "not an image of a known format" + (f", but {kind}" if kind else "")
    if isinstance(error, Image.DecompressionBombError):
        return f"too large: more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels"
    if isinstance(error, MemoryError):
        return "too large for the memory of this machine"
    if isinstance(error, UnsuitablePixelsError):
        return str(error)
    return "truncated" if "truncated" in str(error).lower() else "damaged"
