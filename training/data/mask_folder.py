"""The masks of a data set of images: which pixel shows which structure.

The image `<split>/<class>/name.jpg` has the mask `masks/<split>/<class>/name.png`, a PNG of 8 bits of
the same size. The level of a pixel is a position in the classes that `masks/masks.json` names, as in
`{"classes": ["Background", "Vessel"]}`: the first is the background, and IGNORED marks a pixel that
nobody has labelled.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Annotated

import numpy as np
import torch
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from torch import Tensor

from training.data.decode import DIGEST_BYTES, MAX_FILE_BYTES, printable_path
from training.data.orientation import upright
from training.errors import DataError
from training.file_kind import read_file
from training.taxonomies.names import composed, name_problem

MASKS = "masks"
CLASSES_FILE = "masks.json"
IGNORED = 255
MAX_CLASSES = 250

_NUM_THREADS = 8
_KINDS = ("PNG of mode 1", "PNG of mode L", "PNG of mode P")

Levels = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


class _MaskClasses(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    classes: Annotated[tuple[str, ...], Field(min_length=2, max_length=MAX_CLASSES)]

    @field_validator("classes")
    @classmethod
    def _require_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(map(composed, names))
        if problems := [f"{name!r}: {reason}" for name in names if (reason := name_problem(name))]:
            raise ValueError("; ".join(problems))
        if len(set(names)) < len(names):
            raise ValueError("expected each name once")
        return names


class MaskError(DataError):
    """A mask that is missing or cannot be used; `path` is that of its image."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"The mask of {printable_path(path)} cannot be used: {reason}.")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type["MaskError"], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class MissingMaskError(MaskError):
    """An image that has no mask."""

    def __init__(self, path: str, reason: str = "there is none") -> None:
        super().__init__(path, reason)


@dataclass(frozen=True, kw_only=True, slots=True)
class MaskFacts:
    """What the inspection of a mask has found; `path` is that of its image."""

    path: str
    digest: bytes
    """Of the levels of all pixels."""
    levels: tuple[int, ...]
    """The levels that occur, sorted."""


def mask_path(image_path: str) -> str:
    """The path of the mask of an image; both are relative to the data set's root."""
    return str(PurePosixPath(MASKS, image_path).with_suffix(".png"))


def write_mask_classes(root: Path, classes: Sequence[str]) -> None:
    content = json.dumps({"classes": [str(name) for name in classes]}, indent=2) + "\n"
    (root / MASKS / CLASSES_FILE).write_text(content, encoding="utf-8")


def read_mask_classes(root: Path) -> tuple[str, ...]:
    """The names of the mask levels. Raises DataError if the file is missing or damaged."""
    path = root / MASKS / CLASSES_FILE
    expected = 'Expected {"classes": ["Background", …]}, a name for each level of the masks.'
    try:
        return _MaskClasses.model_validate_json(path.read_bytes()).classes
    except OSError as error:
        raise DataError(
            f"There are no masks: {printable_path(str(path))} cannot be read "
            f"({(error.strerror or 'unknown reason').lower()}). {expected}"
        ) from None
    except ValidationError as error:
        reason = error.errors(include_input=False)[0]["msg"]
        raise DataError(f"{printable_path(str(path))} is damaged ({reason}). {expected}") from None


def inspect_masks(
    root: Path, paths: Sequence[str], num_classes: int
) -> Iterator[MaskFacts | MaskError]:
    """What the mask of each image of `paths` has, in their order, or why it cannot be used."""
    with ThreadPoolExecutor(max_workers=_NUM_THREADS) as pool:
        yield from pool.map(partial(_inspect, root, num_classes=num_classes), paths)


def read_mask(root: Path, path: str) -> Levels:
    """The levels of the mask of the image `path`, uint8 [H, W]. Raises MaskError."""
    try:
        content = read_file(root / mask_path(path), MAX_FILE_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise MissingMaskError(path) from None
    except (OSError, ValueError):
        raise MaskError(path, "it cannot be read") from None
    try:
        with Image.open(io.BytesIO(content)) as mask:
            kind = f"{mask.format} of mode {mask.mode}"
            levels: Levels = np.asarray(mask).astype(np.uint8)
    except Exception:  # noqa: BLE001, Pillow raises errors of any type for damaged files
        raise MaskError(path, "it is no readable PNG") from None
    if kind not in _KINDS:
        raise MaskError(path, f"a PNG of 8 bits was expected, and a {kind} came")
    return levels


def decode_mask(root: Path, path: str, size: int) -> Tensor:
    """The mask of the image `path`, scaled to a square, uint8 [size, size]. Raises MaskError."""
    mask = Image.fromarray(read_mask(root, path))
    scaled = mask.resize((size, size), Image.Resampling.NEAREST)
    return torch.from_numpy(np.array(scaled))


def _inspect(root: Path, path: str, *, num_classes: int) -> MaskFacts | MaskError:
    try:
        levels = read_mask(root, path)
        _require_size(root, path, levels)
    except MaskError as error:
        return error
    found = [int(level) for level in np.unique(levels)]
    unknown = [level for level in found if level >= num_classes and level != IGNORED]
    if unknown:
        shown = ", ".join(map(str, unknown[:5]))
        return MaskError(
            path, f"levels 0 to {num_classes - 1} or {IGNORED} were expected, and {shown} came"
        )
    return MaskFacts(path=path, digest=_digest(levels), levels=tuple(found))


def _digest(levels: Levels) -> bytes:
    size = f"{levels.shape[1]}x{levels.shape[0]}".encode()
    return hashlib.blake2b(levels.tobytes(), digest_size=DIGEST_BYTES, key=size).digest()


def _require_size(root: Path, path: str, levels: Levels) -> None:
    height, width = levels.shape
    expected = _upright_size(root, path)
    if (width, height) != expected:
        raise MaskError(
            path,
            f"the size of its image, {expected[0]} x {expected[1]}, was expected, and "
            f"{width} x {height} came",
        )


def _upright_size(root: Path, path: str) -> tuple[int, int]:
    """Width and height of the image, turned as its EXIF data says."""
    with Image.open(root / path) as image:
        empty = Image.new("1", image.size)
        return upright(empty, image).size
