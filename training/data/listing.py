"""Lists the files below `train|val|test/<class>/`: the images, and what is left out and why."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tracking_plugin.data_roots import DataRoots
from tracking_plugin.image_names import IMAGE_SUFFIXES, MAX_DEPTH, is_system_name
from training.config import Split
from training.data.decode import printable_path
from training.errors import DataError
from training.taxonomies.names import composed


class LeftOutReason(StrEnum):
    """Why a file or a folder is not part of the data set."""

    HIDDEN = "hidden, or made by an operating system"
    OTHER_KIND = "no image by its ending"
    NO_CLASS = "not in the folder of a class"
    NO_FILE = "no regular file"
    BROKEN_LINK = "a link that leads nowhere"
    FORBIDDEN_LINK = "a link that leads out of the folders of FOVEA_DATA_ROOTS"
    LOOP = "a link to a folder that it is in"
    EMPTY_CLASS = "the folder of a class, but empty"
    UNREADABLE = "an image that cannot be read"
    COPY = "a copy of an image in another split"


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A file or folder that is left out; `path` is relative to the data set's root."""

    split: Split
    path: str
    reason: LeftOutReason


@dataclass(frozen=True, kw_only=True)
class SplitListing:
    """The images of a split by class, with sorted paths relative to the data set's root."""

    images: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    empty_classes: list[str] = field(default_factory=list)


def has_split(root: Path, split: Split) -> bool:
    return (root / split).is_dir()


def list_split(root: Path, split: Split, roots: DataRoots) -> SplitListing:
    """Every file of the split.

    Links are followed where `roots` allow it. Raises DataError if a folder cannot be read, or if
    its name cannot be the name of a class.
    """
    listing = SplitListing()
    folder = root / split
    if not folder.is_dir():
        raise DataError(
            f"The split {split} is missing: expected the folder {folder} with one folder per class."
        )
    walk = _Walk(root, split, roots, listing.left_out)
    for entry in _entries(folder):
        path = f"{split}/{entry.name}"
        if not walk.is_allowed(entry, path):
            continue
        if not entry.is_dir():
            walk.leave_out(path, LeftOutReason.NO_CLASS)
            continue
        name = _class_name(entry.name, path)
        if name in listing.images:
            raise DataError(
                f"The split {split} has two folders of the class {name}, whose names only differ "
                "in their Unicode form. Merge them."
            )
        listing.images[name] = sorted(walk.images(path), key=lambda path: path.split("/"))
    for name in [name for name, images in listing.images.items() if not images]:
        _require_empty(name, split, listing.left_out)
        del listing.images[name]
        listing.empty_classes.append(name)
        walk.leave_out(f"{split}/{name}", LeftOutReason.EMPTY_CLASS)
    return listing


class _Walk:
    """Goes through the folders of a split."""

    def __init__(self, root: Path, split: Split, roots: DataRoots, left_out: list[LeftOut]) -> None:
        self._root = root
        self._split = split
        self._roots = roots
        self._left_out = left_out

    def images(
        self, folder: str, parents: frozenset[tuple[int, int]] = frozenset()
    ) -> Iterator[str]:
        """The images in `folder` and the folders in it; `parents` are the ones that it is in."""
        status = (self._root / folder).stat()
        identity = (status.st_dev, status.st_ino)
        if identity in parents or len(parents) >= MAX_DEPTH:
            self.leave_out(folder, LeftOutReason.LOOP)
            return
        for entry in _entries(self._root / folder):
            path = f"{folder}/{entry.name}"
            if not self.is_allowed(entry, path):
                continue
            if entry.is_dir():
                yield from self.images(path, parents | {identity})
            elif Path(entry.name).suffix.lower() in IMAGE_SUFFIXES:
                yield path
            else:
                self.leave_out(path, LeftOutReason.OTHER_KIND)

    def is_allowed(self, entry: os.DirEntry[str], path: str) -> bool:
        """Whether to look at the entry; if not, the reason is noted."""
        reason = self._refusal(entry)
        if reason is not None:
            self.leave_out(path, reason)
        return reason is None

    def leave_out(self, path: str, reason: LeftOutReason) -> None:
        self._left_out.append(LeftOut(split=self._split, path=path, reason=reason))

    def _refusal(self, entry: os.DirEntry[str]) -> LeftOutReason | None:
        if is_system_name(entry.name):
            return LeftOutReason.HIDDEN
        if entry.is_symlink():
            if not self._roots.allows(Path(entry.path)):
                return LeftOutReason.FORBIDDEN_LINK
            if not Path(entry.path).exists():
                return LeftOutReason.BROKEN_LINK
        mode = entry.stat().st_mode
        return None if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else LeftOutReason.NO_FILE


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        path = printable_path(str(folder))
        raise DataError(f"The folder {path} cannot be read: {error.strerror}.") from None


def _class_name(folder_name: str, path: str) -> str:
    try:
        # Where the locale is not UTF-8, Python gives the bytes of a name in another form.
        return composed(os.fsencode(folder_name).decode("utf-8"))
    except UnicodeDecodeError:
        raise DataError(
            f"The name of the folder {printable_path(path)} is not in UTF-8, so it cannot be the "
            "name of a class. Rename the folder."
        ) from None


def _require_empty(class_name: str, split: Split, left_out: list[LeftOut]) -> None:
    """Raises DataError if a class is only empty because its files are no images by their endings."""
    reasons = (LeftOutReason.OTHER_KIND, LeftOutReason.FORBIDDEN_LINK, LeftOutReason.BROKEN_LINK)
    num_files = sum(
        item.reason in reasons and composed_class(item.path) == class_name for item in left_out
    )
    if num_files:
        raise DataError(
            f"The class {class_name} of the split {split} has {num_files} files, but no image. "
            f"Image files end in {', '.join(sorted(IMAGE_SUFFIXES))}. Convert the files, or remove "
            "the folder."
        )


def composed_class(path: str) -> str:
    """The class of a path below a split."""
    parts = path.split("/")
    return composed(os.fsencode(parts[1]).decode("utf-8", "replace")) if len(parts) > 2 else ""
