"""Unpacks an archive of images into `train|val|test/<class>/` of a new folder."""

import hashlib
import itertools
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from training.config import Split
from training.tables.errors import TableError
from training.tables.files.zip_directory import check_inflated
from training.tables.inspect.image_archive import ArchivedImage, image_archive
from training.tables.limits import TableLimits

VAL_SHARE = TEST_SHARE = 0.15
_BLOCK_BYTES = 2**20
_MAX_NAME_CHARS = 80
_UNDIVIDED = "undivided"


def unpack_images(path: Path, target: Path, limits: TableLimits) -> Mapping[str, Any]:
    """Unpack the images of the archive at `path` into the folder `target`, which must be new.

    Returns the number of images by split as plain JSON. Without splits in the archive, each class
    is divided by the hashes of its images, so that equal ones stay together. Raises TableError if
    the archive is unsafe, damaged or larger than it claims; OSError if the disk is full.
    """
    archive = image_archive(path, limits)
    target.mkdir(mode=0o700)
    digests: dict[str, list[tuple[str, Path]]] = {}
    size_bytes, num_inflated = path.stat().st_size, 0
    try:
        with zipfile.ZipFile(path) as opened:
            for number, image in enumerate(archive.images):
                place = _place(target, image, number)
                digest, num_bytes = _unpack(opened, image, place, num_inflated, size_bytes, limits)
                num_inflated += num_bytes
                digests.setdefault(image.class_name, []).append((digest, place))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise TableError("The archive is damaged. Pack the folder again.") from None
    if not archive.has_splits:
        _divide(target, digests)
    return {"num_images": {str(split): _num_images(target / split) for split in Split}}


def _place(target: Path, image: ArchivedImage, number: int) -> Path:
    """A name of its own for each image, which still begins with that in the archive."""
    inside = PurePosixPath(image.inside)
    stem = "_".join((*inside.parts[:-1], inside.stem))[:_MAX_NAME_CHARS]
    folder = target / (image.split or _UNDIVIDED) / image.class_name
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{stem}_{number}{inside.suffix.lower()}"


def _unpack(
    opened: zipfile.ZipFile,
    image: ArchivedImage,
    place: Path,
    num_before: int,
    size_bytes: int,
    limits: TableLimits,
) -> tuple[str, int]:
    """The hash of the image, and its number of bytes, which the directory may claim to be smaller."""
    digest, num_bytes = hashlib.sha256(), 0
    with opened.open(image.name) as packed, place.open("xb") as file:
        while block := packed.read(_BLOCK_BYTES):
            num_bytes += len(block)
            check_inflated(num_before + num_bytes, size_bytes, limits)
            digest.update(block)
            file.write(block)
    return digest.hexdigest(), num_bytes


def _divide(target: Path, digests: Mapping[str, list[tuple[str, Path]]]) -> None:
    for class_name, images in digests.items():
        same = itertools.groupby(sorted(images), key=lambda image: image[0])
        copies = [[place for _, place in group] for _, group in same]
        if len(copies) < len(Split):
            raise TableError(
                f"Expected at least {len(Split)} different images of each class, but a class has "
                f"{len(copies)}."
            )
        num_test = max(1, round(TEST_SHARE * len(copies)))
        num_val = max(1, round(VAL_SHARE * len(copies)))
        parts = {
            Split.TEST: copies[:num_test],
            Split.VAL: copies[num_test : num_test + num_val],
            Split.TRAIN: copies[num_test + num_val :],
        }
        for split, groups in parts.items():
            folder = target / split / class_name
            folder.mkdir(parents=True)
            for place in itertools.chain.from_iterable(groups):
                place.rename(folder / place.name)
        (target / _UNDIVIDED / class_name).rmdir()
    (target / _UNDIVIDED).rmdir()


def _num_images(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
