"""Lists a folder of images with their captions, and gives every file in it a fate.

The caption of `folder/name.jpg` is in `folder/name.txt`, or in a line of `folder/metadata.jsonl` as
Hugging Face's `imagefolder` reads it; the file beside the image comes first. Its mask is
`folder/name.mask.png`, or `folder/name.png` in a folder of masks. Folders may lie in one another.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tracking_plugin.data_roots import DataRoots
from training.data.decode import printable_path
from training.data.listing import FolderWalk, LeftOutReason, has_image_ending
from training.diffusion.data.caption_text import (
    METADATA_NAME,
    BadCaptionError,
    read_caption,
    read_metadata,
)
from training.diffusion.data.fates import Fate, FileFate
from training.errors import DataError

MASK_ENDING = ".mask.png"
MAX_REPEATS = 100_000
_CAPTION_ENDINGS = (".txt", ".text", ".caption", ".captions", ".cap")
"""Endings of captions of other programs; a file with another one than expected is named."""
_NOTES = ("readme", "license", "licence", "notes", "requirements")
"""Text files that data sets often have beside the captions."""


@dataclass(frozen=True, kw_only=True)
class CaptionRules:
    """Where captions and masks are."""

    ending: str = ".txt"
    text_field: str = "text"
    """The field of `metadata.jsonl` with the caption."""
    fixed: str | None = None
    """The caption of images without one of their own; "" trains them without words."""
    repeats_by_folder: bool = False
    """Read names of folders such as `10_drusen` as kohya's scripts do: repeats, and a caption."""
    masks: Path | None = None
    """A folder with masks under the paths of the images; without it they are beside the images."""

    @property
    def dotted_ending(self) -> str:
        return self.ending if self.ending.startswith(".") else f".{self.ending}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedImage:
    """An image with its caption; paths are relative to the data set's root."""

    path: str
    caption: str
    fate: Fate
    repeats: int = 1
    mask: Path | None = None


@dataclass(frozen=True, kw_only=True)
class CaptionedFolder:
    """The images that have a caption, and the fates of all other files."""

    root: Path
    images: Sequence[ListedImage]
    others: Sequence[FileFate]
    num_shared_names: int = 0
    """Images beside another one whose name differs in the ending only; they share a caption."""
    num_overruled: int = 0
    """Images whose caption in `metadata.jsonl` differs from the one beside them, which is used."""


def list_captioned(root: Path, rules: CaptionRules, roots: DataRoots) -> CaptionedFolder:
    """Every file below `root`. Links are followed where `roots` allow it.

    Raises DataError if there is no such folder, or it has no image, or a line of `metadata.jsonl` or a
    number of repeats is wrong.
    """
    if not root.is_dir():
        raise DataError(
            f"There is no data folder {printable_path(str(root))}. Expected a folder of images with "
            f"captions beside them, such as 0001.png and 0001{rules.dotted_ending}."
        )
    found = _Files(rules.dotted_ending)
    walk = FolderWalk(root, roots, found.leave_out)
    for path in walk.files(""):
        found.add(path)
    if not found.images:
        raise DataError(
            f"There is no image in {printable_path(str(root))}. Expected images such as 0001.png "
            f"with captions beside them, such as 0001{rules.dotted_ending}."
        )
    return _Matching(root, rules, roots, found).folder()


@dataclass
class _Files:
    """The files of a folder by their kind; captions by the path of the image without its ending."""

    ending: str
    images: list[str] = field(default_factory=list)
    captions: dict[str, str] = field(default_factory=dict)
    metadata: list[str] = field(default_factory=list)
    masks: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    left_out: list[FileFate] = field(default_factory=list)

    def leave_out(self, path: str, reason: LeftOutReason) -> None:
        self.left_out.append(FileFate(path=path, fate=reason))

    def add(self, path: str) -> None:
        if path.lower().endswith(MASK_ENDING):
            self.masks.append(path)
        elif has_image_ending(path):
            self.images.append(path)
        elif PurePosixPath(path).name == METADATA_NAME:
            self.metadata.append(path)
        elif path.endswith(self.ending) and not _is_note(path):
            self.captions[path[: -len(self.ending)]] = path
        else:
            self.unclear.append(path)


class _Matching:
    """Finds the caption and the mask of each image, and the fates of the other files."""

    def __init__(self, root: Path, rules: CaptionRules, roots: DataRoots, found: _Files) -> None:
        self._root = root
        self._rules = rules
        self._roots = roots
        self._found = found
        self._others = list(found.left_out)
        self._images = frozenset(found.images)
        self._images_by_stem: dict[str, list[str]] = defaultdict(list)
        for path in found.images:
            self._images_by_stem[_stem(path)].append(path)
        self._listed = self._listed_captions()
        self._masks = self._mask_paths()
        self._num_overruled = 0

    def folder(self) -> CaptionedFolder:
        images = [image for path in self._found.images if (image := self._image(path))]
        self._add_captions()
        self._add_unclear()
        return CaptionedFolder(
            root=self._root,
            images=sorted(images, key=lambda image: image.path.split("/")),
            others=self._others,
            num_shared_names=sum(
                len(paths) for paths in self._images_by_stem.values() if len(paths) > 1
            ),
            num_overruled=self._num_overruled,
        )

    def _image(self, path: str) -> ListedImage | None:
        """The image, or None if it has no caption that can be used, which is noted."""
        repeats, folder_caption = self._of_folder(path)
        fixed = folder_caption if self._rules.fixed is None else self._rules.fixed
        try:
            caption, fate = self._caption(path)
        except BadCaptionError as error:
            self._note(path, Fate.BAD_CAPTION, str(error))
            return None
        if caption is None:
            if fixed is None:
                self._note(path, Fate.NO_CAPTION)
                return None
            caption, fate = fixed, Fate.FIXED
        return ListedImage(
            path=path,
            caption=caption,
            fate=fate,
            repeats=repeats,
            mask=self._masks.get(_stem(path)),
        )

    def _caption(self, path: str) -> tuple[str | None, Fate]:
        listed = self._listed.get(path)
        beside = self._found.captions.get(_stem(path))
        if beside is None:
            if listed is None:
                return None, Fate.NO_CAPTION
            return listed, Fate.LISTED if listed else Fate.EMPTY
        caption = read_caption(self._root / beside)
        self._num_overruled += listed is not None and listed != caption
        return caption, Fate.MATCHED if caption else Fate.EMPTY

    def _of_folder(self, path: str) -> tuple[int, str | None]:
        """Repeats and caption by the name of the first folder."""
        folder, slash, _ = path.partition("/")
        number, underscore, name = folder.partition("_")
        is_number = number.isascii() and number.isdigit()
        if not (self._rules.repeats_by_folder and slash and underscore and is_number):
            return 1, None
        if len(number) > 6 or not 1 <= int(number) <= MAX_REPEATS:
            raise DataError(
                f"The folder {printable_path(folder)} says how often its images are repeated: expected "
                f"1 to {MAX_REPEATS:,}."
            )
        return int(number), name.strip() or None

    def _listed_captions(self) -> dict[str, str]:
        listed: dict[str, str] = {}
        for path in self._found.metadata:
            self._note(path, Fate.METADATA)
            for entry in read_metadata(self._root, path, self._rules.text_field):
                if entry.image not in self._images or entry.image in listed:
                    known = "the second line" if entry.image in listed else "there is no such image"
                    reason = f"line {entry.line} of {printable_path(path)}: {known}"
                    self._note(entry.image, Fate.ORPHAN_CAPTION, reason)
                    continue
                listed[entry.image] = entry.caption
        return listed

    def _mask_paths(self) -> dict[str, Path]:
        """The masks by the path of the image without its ending."""
        masks: dict[str, Path] = {}
        for stem, path in self._all_masks():
            if stem not in self._images_by_stem:
                self._note(path, Fate.ORPHAN_MASK)
            elif stem in masks:
                self._note(path, Fate.ORPHAN_MASK, "its image has another mask")
            else:
                self._note(path, Fate.MASK)
                masks[stem] = (self._rules.masks or self._root) / path
        return masks

    def _all_masks(self) -> Iterator[tuple[str, str]]:
        if self._rules.masks is None:
            yield from ((path[: -len(MASK_ENDING)], path) for path in sorted(self._found.masks))
            return
        for path in self._found.masks:
            self._note(path, Fate.ORPHAN_MASK, "masks are in the folder of masks")
        if not self._rules.masks.is_dir() or not self._roots.allows(self._rules.masks):
            raise DataError(
                f"There is no folder of masks {printable_path(str(self._rules.masks))} that may be read."
            )
        for path in FolderWalk(self._rules.masks, self._roots, self._leave_out).files(""):
            if has_image_ending(path):
                yield _stem(path), path
            else:
                self._leave_out(path, LeftOutReason.OTHER_KIND)

    def _add_captions(self) -> None:
        for stem, path in self._found.captions.items():
            if stem in self._images_by_stem:
                self._note(path, Fate.CAPTION)
            elif stem in self._images:
                self._note(path, Fate.MISNAMED_CAPTION, "the ending of its image is in its name")
            else:
                self._note(path, Fate.ORPHAN_CAPTION)

    def _add_unclear(self) -> None:
        for path in self._found.unclear:
            stem = _caption_stem(path, self._rules.dotted_ending)
            if stem is None or stem in self._found.captions:
                self._leave_out(path, LeftOutReason.OTHER_KIND)
            elif stem in self._images_by_stem:
                expected = f"expected {PurePosixPath(stem).name}{self._rules.dotted_ending}"
                self._note(path, Fate.MISNAMED_CAPTION, expected)
            elif path.lower().endswith(self._rules.dotted_ending.lower()):
                self._note(path, Fate.ORPHAN_CAPTION)
            else:
                self._leave_out(path, LeftOutReason.OTHER_KIND)

    def _leave_out(self, path: str, reason: LeftOutReason) -> None:
        self._others.append(FileFate(path=path, fate=reason))

    def _note(self, path: str, fate: Fate, reason: str = "") -> None:
        self._others.append(FileFate(path=path, fate=fate, reason=reason))


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))


def _caption_stem(path: str, ending: str) -> str | None:
    """The path of the image without ending, if the file looks like its caption."""
    if _is_note(path):
        return None
    lower = path.lower()
    endings = (ending.lower(), *_CAPTION_ENDINGS)
    # `nametxt` is `name.txt` without its dot.
    for candidate in (*endings, *(each[1:] for each in endings)):
        if lower.endswith(candidate):
            stem = path[: -len(candidate)]
            return stem if not stem.endswith("/") and stem else None
    return None


def _is_note(path: str) -> bool:
    return PurePosixPath(path).stem.lower() in _NOTES
