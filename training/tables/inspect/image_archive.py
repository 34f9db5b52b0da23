"""Finds the classes and splits of the images in a ZIP archive, without unpacking it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from training.config import Split
from training.tables.errors import TableError
from training.tables.file_type import IMAGE_ENDINGS, FileType
from training.tables.files.zip_directory import read_zip_directory
from training.tables.limits import TableLimits
from training.tables.printable import name_list, printable

TRAINED_ENDINGS = IMAGE_ENDINGS - {".dcm"}
"""The recipes for images read no DICOM files."""
MAX_CLASSES = 1000
MAX_CLASS_CHARS = 100
MIN_IMAGES = 3
"""Of each class, if the archive has no splits: one for each of train, val and test."""
_SPLITS = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "val": Split.VAL,
    "valid": Split.VAL,
    "validation": Split.VAL,
    "test": Split.TEST,
    "testing": Split.TEST,
}


@dataclass(frozen=True, kw_only=True)
class ArchivedImage:
    """An image in the archive; `split` is None if the archive has only class folders."""

    name: str
    split: Split | None
    class_name: str
    inside: str
    """Its path below the class folder."""


@dataclass(frozen=True, kw_only=True)
class ImageArchive:
    """The images of an archive, and how many other files it has, which are left out."""

    images: tuple[ArchivedImage, ...]
    num_left_out: int

    @cached_property
    def num_per_class(self) -> Mapping[str, int]:
        """In the order of names."""
        counts = Counter(image.class_name for image in self.images)
        return {name: counts[name] for name in sorted(counts)}

    @property
    def has_splits(self) -> bool:
        return self.images[0].split is not None

    def as_json(self) -> Mapping[str, Any]:
        notes = []
        if self.num_left_out:
            notes.append(f"{self.num_left_out:,} files that are no images are left out.")
        if not self.has_splits:
            notes.append(
                "The archive has no folders train, val and test: 70 % of each class are trained "
                "on, and 15 % each are for validation and test. Equal images stay together; "
                "images of the same patient may not, so use split folders if there are any."
            )
        return {
            "file_type": str(FileType.IMAGE_ZIP),
            "num_rows": len(self.images),
            "num_columns": None,
            "columns": [],
            "target": {
                "column": "folder",
                "problem_type": "binary" if len(self.num_per_class) == 2 else "multiclass",
                "num_classes": len(self.num_per_class),
                "classes": dict(self.num_per_class),
                "reason": "Each class has a folder.",
            },
            "question": None,
            "notes": notes,
        }


def image_archive(path: Path, limits: TableLimits) -> ImageArchive:
    """The images of the archive at `path`, which is safe to unpack.

    They are in `<class>/` or in `train|val|test/<class>/`, also below folders that all share.
    Raises TableError if the archive is unsafe, or has not two classes with images in each split.
    """
    files = [entry for entry in read_zip_directory(path, limits) if not entry.is_folder]
    paths = {entry.name: PurePosixPath(entry.name.replace("\\", "/")) for entry in files}
    pictures = {name: it for name, it in paths.items() if _is_image(it)}
    num_shared = _num_shared([it.parts[:-1] for it in pictures.values()])
    images = tuple(
        found
        for name, it in pictures.items()
        if (found := _image(name, it.parts[num_shared:])) is not None
    )
    archive = ImageArchive(images=images, num_left_out=len(files) - len(images))
    _check(archive)
    return archive


def _is_image(path: PurePosixPath) -> bool:
    is_hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return not is_hidden and path.suffix.lower() in TRAINED_ENDINGS


def _num_shared(folders: Sequence[tuple[str, ...]]) -> int:
    """The number of leading folders that all images are in."""
    if not folders:
        return 0
    first, last = min(folders), max(folders)
    shared = 0
    for a, b in zip(first, last, strict=False):
        if a != b:
            break
        shared += 1
    return shared


def _image(name: str, parts: Sequence[str]) -> ArchivedImage | None:
    split = _SPLITS.get(parts[0].lower()) if len(parts) >= 3 else None
    below = parts if split is None else parts[1:]
    if len(below) < 2:
        return None
    return ArchivedImage(
        name=name, split=split, class_name=below[0].strip(), inside="/".join(below[1:])
    )


def _check(archive: ImageArchive) -> None:
    classes = archive.num_per_class
    if len(classes) < 2:
        raise TableError(
            "Expected a folder of images for each of at least two classes, but the archive has "
            f"{len(classes)}. Pack the folders <class>/ or train|val|test/<class>/."
        )
    if len(classes) > MAX_CLASSES:
        raise TableError(f"Expected at most {MAX_CLASSES:,} classes, but got {len(classes):,}.")
    if unusable := [name for name in classes if not name or len(name) > MAX_CLASS_CHARS]:
        raise TableError(
            f"Expected names of 1 to {MAX_CLASS_CHARS} characters for class folders, but one is "
            f"'{printable(unusable[0])}'."
        )
    with_splits = {image.split for image in archive.images}
    if None not in with_splits:
        if missing := [str(split) for split in Split if split not in with_splits]:
            raise TableError(
                f"Expected images in train, val and test, but there are none in "
                f"{name_list(missing)}. Pack class folders alone, and they are divided for you."
            )
    elif len(with_splits) > 1:
        raise TableError(
            "Expected class folders, or class folders in train, val and test, but the archive "
            "has both."
        )
    elif few := [name for name, number in classes.items() if number < MIN_IMAGES]:
        raise TableError(
            f"Expected at least {MIN_IMAGES} images of each class, but there are fewer of "
            f"{name_list(few)}."
        )
