"""Finds the images of an ImageFolder, `train|val|test/<class>/*`, and refuses a folder that is not one."""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from training.config import Split
from training.errors import DataError

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"})


@dataclass(frozen=True, kw_only=True)
class ImageSplit:
    """The images of one split: paths relative to the data set's root, and each one's class index."""

    paths: tuple[str, ...]
    targets: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def support(self, num_classes: int) -> list[int]:
        """Images per class."""
        counts = Counter(self.targets)
        return [counts[index] for index in range(num_classes)]

    def without(self, excluded: Collection[str]) -> "ImageSplit":
        """This split but for the `excluded` paths."""
        kept = [
            (path, target)
            for path, target in zip(self.paths, self.targets, strict=True)
            if path not in excluded
        ]
        return ImageSplit(paths=tuple(p for p, _ in kept), targets=tuple(t for _, t in kept))


@dataclass(frozen=True, kw_only=True)
class ImageFolder:
    """A data set on disk: its classes in the order of the targets, and its splits."""

    root: Path
    classes: tuple[str, ...]
    splits: dict[Split, ImageSplit]

    @property
    def num_images(self) -> int:
        return sum(len(split) for split in self.splits.values())

    @property
    def digest(self) -> str:
        """A fingerprint of the file list with sizes; 16 hexadecimal digits."""
        fingerprint = hashlib.sha256()
        for split in self.splits.values():
            for path in split.paths:
                size_bytes = (self.root / path).stat().st_size
                fingerprint.update(f"{path}\0{size_bytes}\n".encode())
        return fingerprint.hexdigest()[:16]

    def without(self, excluded: Collection[str]) -> "ImageFolder":
        """This data set but for the `excluded` paths; DataError if a split ends up empty."""
        splits = {name: split.without(excluded) for name, split in self.splits.items()}
        for name, split in splits.items():
            if not split.paths:
                raise DataError(f"Every image of the split {name} is unreadable.")
        return replace(self, splits=splits)


def scan_image_folder(
    root: Path, splits: Sequence[Split], classes: Sequence[str]
) -> ImageFolder:
    """List the images of `splits` under `root`, with targets by the order of `classes`.

    DataError if a split or its images are missing, or it has a class that `classes` or the
    training split lacks.
    """
    trained = class_folders(root)
    if unknown := sorted(set(trained) - set(classes)):
        raise DataError(
            f"The split train has classes that the taxonomy lacks: {', '.join(unknown)}. "
            "Add them to the taxonomy or remove the folders."
        )
    found = {split: _scan_split(root, split, trained, classes) for split in splits}
    return ImageFolder(root=root, classes=tuple(classes), splits=found)


def class_folders(root: Path) -> list[str]:
    """The class folders of train, sorted; DataError unless there are two or more."""
    if not root.is_dir():
        raise DataError(
            f"There is no data folder {root}. Expected a folder with train/<class>/, val/<class>/ "
            "and test/<class>/ in it."
        )
    classes = _class_folders(root, Split.TRAIN)
    if len(classes) < 2:
        raise DataError(
            f"The split train of {root} has {len(classes)} class folders; at least 2 are needed."
        )
    return classes


def _class_folders(root: Path, split: Split) -> list[str]:
    folder = root / split
    if not folder.is_dir():
        raise DataError(
            f"The split {split} is missing: expected the folder {folder} with one folder a class."
        )
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not _hidden(path))


def _scan_split(
    root: Path, split: Split, trained: Sequence[str], classes: Sequence[str]
) -> ImageSplit:
    folders = _class_folders(root, split)
    if unknown := sorted(set(folders) - set(trained)):
        raise DataError(
            f"The split {split} has classes that train lacks: {', '.join(unknown)}. "
            "Every class to be predicted needs training images; add them or remove the folders."
        )
    paths: list[str] = []
    targets: list[int] = []
    for name in folders:
        images = _images(root / split / name)
        paths += [str(path.relative_to(root)) for path in images]
        targets += [classes.index(name)] * len(images)
    if not paths:
        raise DataError(
            f"The split {split} is empty: no image in {root / split}/<class>/. "
            f"Images end in {', '.join(sorted(IMAGE_SUFFIXES))}."
        )
    return ImageSplit(paths=tuple(paths), targets=tuple(targets))


def _images(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES and not _hidden(path) and path.is_file()
    )


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")
