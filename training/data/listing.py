"""Lists the files below `train|val|test/<class>/`: the images, and what is left out and why."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

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


LeaveOut = Callable[[str, LeftOutReason], None]
"""Notes the path of an entry that is left out, and why."""


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

    def leave_out(path: str, reason: LeftOutReason) -> None:
        listing.left_out.append(LeftOut(split=split, path=path, reason=reason))

    walk = FolderWalk(root, roots, leave_out)
    for entry in entries(folder):
        path = f"{split}/{entry.name}"
        if not walk.is_allowed(entry, path):
            continue
        if not entry.is_dir():
            leave_out(path, LeftOutReason.NO_CLASS)
            continue
        name = _class_name(entry.name, path)
        if name in listing.images:
            raise DataError(
                f"The split {split} has two folders of the class {name}, whose names only differ "
                "in their Unicode form. Merge them."
            )
        images = [file for file in walk.files(path) if _is_image(file, leave_out)]
        listing.images[name] = sorted(images, key=lambda path: path.split("/"))
    for name in [name for name, images in listing.images.items() if not images]:
        _require_empty(name, split, listing.left_out)
        del listing.images[name]
        listing.empty_classes.append(name)
        leave_out(f"{split}/{name}", LeftOutReason.EMPTY_CLASS)
    return listing


def has_image_ending(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in IMAGE_SUFFIXES


def _is_image(path: str, leave_out: LeaveOut) -> bool:
    if has_image_ending(path):
        return True
    leave_out(path, LeftOutReason.OTHER_KIND)
    return False


class FolderWalk:
    """Goes through the folders below `root`; `leave_out` is told of each entry that is not looked at."""

    def __init__(self, root: Path, roots: DataRoots, leave_out: LeaveOut) -> None:
        self._root = root
        self._roots = roots
        self._leave_out = leave_out

    def files(
        self, folder: str, parents: frozenset[tuple[int, int]] = frozenset()
    ) -> Iterator[str]:
        """The files in `folder` and the folders in it; `parents` are the ones that it is in.

        Paths are relative to the root, as `folder` is; "" is the root itself.
        """
        status = (self._root / folder).stat()
        identity = (status.st_dev, status.st_ino)
        if identity in parents or len(parents) >= MAX_DEPTH:
            self._leave_out(folder, LeftOutReason.LOOP)
            return
        for entry in entries(self._root / folder):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not self.is_allowed(entry, path):
                continue
            if entry.is_dir():
                yield from self.files(path, parents | {identity})
            else:
                yield path

    def is_allowed(self, entry: os.DirEntry[str], path: str) -> bool:
        """Whether to look at the entry; if not, the reason is noted."""
        reason = self._refusal(entry)
        if reason is not None:
            self._leave_out(path, reason)
        return reason is None

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


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder, sorted by name. Raises DataError if it cannot be read."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
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
