"""A data set of images, `train|val|test/<class>/*`, and the checks of its classes and splits."""

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tracking_plugin.data_roots import DataRoots
from tracking_plugin.image_names import IMAGE_SUFFIXES
from training.config import Split
from training.data.decode import printable_path
from training.data.listing import SplitListing, list_split
from training.errors import DataError

Listings = Mapping[Split, SplitListing]


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
                file_list_hash.update(os.fsencode(path) + f"\0{size_bytes}\n".encode())
        return file_list_hash.hexdigest()[:16]

    def without(self, excluded: Collection[str]) -> "ImageFolder":
        """This data set without the `excluded` paths; raises DataError if a split becomes empty."""
        excluded = frozenset(excluded)
        splits = {name: split.without(excluded) for name, split in self.splits.items()}
        for name, split in splits.items():
            if not split.paths:
                raise DataError(f"Every image of the split {name} is unreadable.")
        return replace(self, splits=splits)


def list_images(root: Path, splits: Sequence[Split], roots: DataRoots) -> Listings:
    """The files of `splits` under `root`. Raises DataError if a folder is missing or unreadable."""
    if not root.is_dir():
        raise DataError(
            f"There is no data folder {printable_path(str(root))}. Expected a folder that contains "
            "train/<class>/, val/<class>/ and test/<class>/."
        )
    return {split: list_split(root, split, roots) for split in splits}


def training_classes(root: Path, listings: Listings) -> list[str]:
    """The classes that have images in the training split, sorted.

    Raises DataError if there are fewer than two.
    """
    classes = sorted(listings[Split.TRAIN].images)
    if len(classes) < 2:
        raise DataError(
            f"The split train of {printable_path(str(root))} has {len(classes)} class folders with "
            "images; at least 2 are needed."
        )
    return classes


def image_folder(
    root: Path,
    listings: Listings,
    splits: Sequence[Split],
    classes: Sequence[str],
    train_classes: Sequence[str],
) -> ImageFolder:
    """The images of `splits`; targets are indices into `classes`, the outputs of the model.

    Raises DataError if a split is empty, or if it has a class that is not in `classes` or not in
    `train_classes`.
    """
    if unknown := sorted(set(train_classes) - set(classes)):
        raise DataError(
            f"The split train has classes that are not in the taxonomy: {', '.join(unknown)}. "
            "Add them to the taxonomy or remove the folders."
        )
    for split in splits:
        _require_known_classes(split, listings, train_classes)
    found = {split: _split(root, split, listings[split], classes) for split in splits}
    return ImageFolder(root=root, classes=tuple(classes), splits=found)


def _require_known_classes(split: Split, listings: Listings, train_classes: Sequence[str]) -> None:
    unknown = set(listings[split].images) - set(train_classes)
    if Split.TRAIN in listings:
        # An empty folder is no class, but one that train lacks altogether is a mistake.
        in_train = {*train_classes, *listings[Split.TRAIN].empty_classes}
        unknown |= set(listings[split].empty_classes) - in_train
    if unknown:
        raise DataError(
            f"The split {split} has classes that are not in the split train: "
            f"{', '.join(sorted(unknown))}. Every class needs training images: add them, or remove "
            "the folders."
        )


def _split(root: Path, split: Split, listing: SplitListing, classes: Sequence[str]) -> ImageSplit:
    if not listing.images:
        raise DataError(
            f"The split {split} is empty: there is no image in {root / split}/<class>/. "
            f"Image files end in {', '.join(sorted(IMAGE_SUFFIXES))}."
        )
    by_class = sorted(listing.images.items())
    return ImageSplit(
        paths=tuple(path for _, paths in by_class for path in paths),
        targets=tuple(classes.index(name) for name, paths in by_class for _ in paths),
    )
