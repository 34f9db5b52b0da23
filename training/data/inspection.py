"""Decodes every image once before training: finds damaged ones, and notes what tells images apart."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from training.data.colours import to_rgb
from training.data.decode import (
    DIGEST_BYTES,
    DecodedImage,
    ToRgb,
    UnreadableImageError,
    read_image,
)

INSPECTED_SIZE = 32
"""The whole file is read and checked, but a JPEG is decoded at an eighth of its size."""
THUMBNAIL_SIZE = (17, 16)
"""Width and height; one column more than the differences of columns that are compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageFacts:
    """What the inspection of an image has found."""

    path: str
    file_digest: bytes
    digest: bytes
    """Of the decoded pixels: equal for copies of a file, whatever their metadata are."""
    thumbnail: bytes
    """Grey levels of THUMBNAIL_SIZE, row by row."""
    mode: str
    width: int
    height: int
    num_pages: int
    upright_size: tuple[int, int]
    """Width and height once the image is turned upright."""
    orientation: int
    """As in the EXIF data; 1 is upright."""
    has_alpha: bool


def inspect_images(
    root: Path, paths: Sequence[str], *, num_threads: int, convert: ToRgb = to_rgb
) -> Iterator[ImageFacts | UnreadableImageError]:
    """The facts of each of `paths`, in their order, or why it cannot be decoded."""
    with ThreadPoolExecutor(max_workers=num_threads) as pool:
        yield from pool.map(partial(_inspect, root, convert), paths)


def _inspect(root: Path, convert: ToRgb, path: str) -> ImageFacts | UnreadableImageError:
    try:
        image = read_image(root, path, INSPECTED_SIZE, convert)
    except UnreadableImageError as error:
        return error
    return ImageFacts(
        path=path,
        file_digest=image.file_digest,
        digest=_digest(image),
        thumbnail=image.rgb.convert("L").resize(THUMBNAIL_SIZE, Image.Resampling.BOX).tobytes(),
        mode=image.mode,
        width=image.width,
        height=image.height,
        num_pages=image.num_pages,
        upright_size=image.upright_size,
        orientation=image.orientation,
        has_alpha=image.has_alpha,
    )


def _digest(image: DecodedImage) -> bytes:
    size = f"{image.width}x{image.height}".encode()
    return hashlib.blake2b(image.rgb.tobytes(), digest_size=DIGEST_BYTES, key=size).digest()
