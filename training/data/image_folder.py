"""Lists the images of an ImageFolder, `train|val|test/<class>/*`, and checks its layout."""

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
    """The images of one split: paths relative to the data set's root, and their class indices."""

    paths: tuple[str, ...]
    targets: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def support(self, num_classes: int) -> list[int]:
        """Number of images of each class."""
        counts = Counter(self.targets)
        return [counts[index] for index in range(num_classes)]

    def without(self, excluded: Collection[str]) -> "ImageSplit":
        """This split without the `excluded` paths."""
        kept = [
            (path, target)
            for path, target in zip(self.paths, self.targets, strict=True)
            if path not in excluded
        ]
        return ImageSplit(paths=tuple(p for p, _ in kept), targets=tuple(t for _, t in kept))


@dataclass(frozen=True, kw_only=True)
class ImageFolder:
    """A data set on disk; `classes[i]` is the class of target `i`."""

    root: Path
    classes: tuple[str, ...]
    splits: dict[Split, ImageSplit]

    @property
    def num_images(self) -> int:
        return sum(len(split) for split in self.splits.values())

    @property
    def digest(self) -> str:
        """A hash of all paths and file sizes; 16 hexadecimal digits."""
        file_list_hash = hashlib.sha256()
        for split in self.splits.values():
            for path in split.paths:
                size_bytes = (self.root / path).stat().st_size
                file_list_hash.update(f"{path}\0{size_bytes}\n".encode())
        return file_list_hash.hexdigest()[:16]

    def without(self, excluded: Collection[str]) -> "ImageFolder":
        """This data set without the `excluded` paths; raises DataError if a split becomes empty."""
        splits = {name: split.without(excluded) for name, split in self.splits.items()}
        for name, split in splits.items():
            if not split.paths:
                raise DataError(f"Every image of the split {name} is unreadable.")
        return replace(self, splits=splits)


def scan_image_folder(root: Path, splits: Sequence[Split], classes: Sequence[str]) -> ImageFolder:
    """List the images of `splits` under `root`; targets are indices into `classes`.

    Raises DataError if a split is missing or empty, or if it has a class that is not in `classes`
    or not in the training split.
    """
    train_classes = training_classes(root)
    if unknown := sorted(set(train_classes) - set(classes)):
        raise DataError(
            f"The split train has classes that are not in the taxonomy: {', '.join(unknown)}. "
            "Add them to the taxonomy or remove the folders."
        )
    found = {split: _scan_split(root, split, train_classes, classes) for split in splits}
    return ImageFolder(root=root, classes=tuple(classes), splits=found)


def training_classes(root: Path) -> list[str]:
    """Names of the class folders of the training split, sorted.

    Raises DataError if there are fewer than two.
    """
    if not root.is_dir():
        raise DataError(
            f"There is no data folder {root}. Expected a folder that contains train/<class>/, "
            "val/<class>/ and test/<class>/."
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
            f"The split {split} is missing: expected the folder {folder} with one folder per class."
        )
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not _hidden(path))


def _scan_split(
    root: Path, split: Split, train_classes: Sequence[str], classes: Sequence[str]
) -> ImageSplit:
    folders = _class_folders(root, split)
    if unknown := sorted(set(folders) - set(train_classes)):
        raise DataError(
            f"The split {split} has classes that are not in the split train: {', '.join(unknown)}. "
            "Every class needs training images: add them, or remove the folders."
        )
    paths: list[str] = []
    targets: list[int] = []
    for name in folders:
        images = _images(root / split / name)
        paths += [str(path.relative_to(root)) for path in images]
        targets += [classes.index(name)] * len(images)
    if not paths:
        raise DataError(
            f"The split {split} is empty: there is no image in {root / split}/<class>/. "
            f"Image files end in {', '.join(sorted(IMAGE_SUFFIXES))}."
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
