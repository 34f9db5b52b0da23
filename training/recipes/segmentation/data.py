"""Finds and checks the images and masks of the segmentation recipe."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from tracking_plugin.data_roots import DataRoots
from training.config import Split
from training.data.decode import printable_path
from training.data.image_folder import ImageFolder, ImageSplit, list_images
from training.data.listing import has_split
from training.data.mask_folder import (
    MASKS,
    MaskError,
    MaskFacts,
    MissingMaskError,
    inspect_masks,
    mask_path,
    read_mask_classes,
)
from training.data.sampling import Shard, shard_indices
from training.data.scan import scan_images
from training.errors import DataError
from training.process import Process
from training.recipes.images.data import (
    NUM_NAMED_IMAGES,
    ImageData,
    allowed_folders,
    list_compared_split,
)

logger = logging.getLogger(__name__)

_FORBIDDEN = "it leads out of the folders of FOVEA_DATA_ROOTS"


class DataSettings(Protocol):
    """The settings of a training or an evaluation that say which images it leaves out."""

    @property
    def skip_bad_images(self) -> bool: ...

    @property
    def skip_missing_masks(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class SegmentationData(ImageData):
    """The images of some splits, with masks of `mask_classes`."""

    mask_classes: tuple[str, ...]
    masks: Mapping[str, MaskFacts] = field(default_factory=dict)
    """By the path of the image; none before the verification."""
    without_mask: tuple[str, ...] = ()
    """Images that are left out, because they have no mask."""


def find_data(root: Path, splits: Sequence[Split]) -> SegmentationData:
    """List the images of `splits` under `root` and read the names of the mask levels.

    Raises DataError if a split has no image, or if the masks have no names.
    """
    roots = allowed_folders()
    listings = list_images(root, splits, roots)
    classes = tuple(sorted({name for listing in listings.values() for name in listing.images}))
    found = {}
    for split, listing in listings.items():
        pairs = [
            (path, classes.index(name))
            for name, paths in sorted(listing.images.items())
            for path in paths
        ]
        if not pairs:
            raise DataError(
                f"The split {split} is empty: there is no image in {root / split}/<class>/."
            )
        found[split] = ImageSplit(
            paths=tuple(path for path, _ in pairs), targets=tuple(target for _, target in pairs)
        )
    if Split.TRAIN in splits:
        others = [split for split in Split if split not in splits and has_split(root, split)]
        listings = {
            **listings,
            **{split: list_compared_split(root, split, roots) for split in others},
        }
    return SegmentationData(
        folder=ImageFolder(root=root, classes=classes, splits=found),
        mask_classes=read_mask_classes(root),
        listings=listings,
    )


def verify_data(
    data: SegmentationData, settings: DataSettings, process: Process
) -> SegmentationData:
    """Read every image and mask once, divided among the ranks; a collective.

    Raises DataError that says which images cannot be read, which have no mask and which masks cannot
    be used. Unreadable images and those without a mask are left out if the settings say so.
    """
    folder = data.folder
    places = {
        split: {path: name for name, paths in listing.images.items() for path in paths}
        for split, listing in data.listings.items()
    }
    scan = scan_images(folder.root, places, process)
    skipped = dict(scan.unreadable_in(folder.splits))
    _require_one_image_per_mask(folder, skipped)
    paths = [path for images in folder.splits.values() for path in images.paths]
    readable = [path for path in paths if path not in skipped]
    facts, refused = _inspect(folder.root, readable, len(data.mask_classes), process)
    without = {error.path: error.reason for error in refused if isinstance(error, MissingMaskError)}
    broken = {error.path: error.reason for error in refused if error.path not in without}
    problems = [
        *(
            []
            if settings.skip_bad_images
            else _listed("cannot be read", skipped, "--skip-bad-images")
        ),
        *(
            []
            if settings.skip_missing_masks
            else _listed("have no mask", without, "--skip-missing-masks")
        ),
        *_listed("have a mask that cannot be used", broken, ""),
    ]
    if problems:
        raise DataError(
            f"{' '.join(problems)} The mask of <split>/<class>/name.jpg is "
            f"{MASKS}/<split>/<class>/name.png, a PNG of 8 bits of the same size."
        )
    copies = scan.learnt_copies if Split.TRAIN in folder.splits else frozenset()
    if process.is_main:
        _warn(len(skipped), len(without), len(copies))
    return replace(
        data,
        folder=_without(folder, {*skipped, *without, *copies}),
        scan=scan,
        masks=facts,
        skipped_images=tuple(sorted(skipped)),
        without_mask=tuple(sorted(without)),
        learnt_copies=tuple(sorted(copies)),
    )


def _inspect(
    root: Path, paths: Sequence[str], num_classes: int, process: Process
) -> tuple[dict[str, MaskFacts], list[MaskError]]:
    roots = allowed_folders()
    mine = [
        paths[index]
        for index in shard_indices(
            len(paths), Shard(rank=process.rank, world_size=process.world_size)
        )
    ]
    found = list(inspect_masks(root, [p for p in mine if _is_allowed(root, p, roots)], num_classes))
    found += [MaskError(path, _FORBIDDEN) for path in mine if not _is_allowed(root, path, roots)]
    shared = process.broadcast([item for share in process.gather(found) for item in share])
    return (
        {item.path: item for item in shared if isinstance(item, MaskFacts)},
        [item for item in shared if isinstance(item, MaskError)],
    )


def _is_allowed(root: Path, path: str, roots: DataRoots) -> bool:
    return roots.allows(root / mask_path(path))


def _require_one_image_per_mask(folder: ImageFolder, skipped: Collection[str]) -> None:
    masks = Counter(
        mask_path(path)
        for images in folder.splits.values()
        for path in images.paths
        if path not in skipped
    )
    if shared := sorted(mask for mask, count in masks.items() if count > 1):
        named = ", ".join(map(printable_path, shared[:NUM_NAMED_IMAGES]))
        raise DataError(
            f"{len(shared)} masks belong to several images, whose names differ in their endings "
            f"only: {named}. Rename the images and their masks."
        )


def _listed(what: str, problems: Mapping[str, str], option: str) -> list[str]:
    """A sentence about the images with a problem; empty without one."""
    if not problems:
        return []
    shown = sorted(problems.items())[:NUM_NAMED_IMAGES]
    named = ", ".join(f"{printable_path(path)} ({reason})" for path, reason in shown)
    rest = len(problems) - len(shown)
    more = f" and {rest} more" if rest else ""
    way_out = f" Add or replace them, or leave them out with {option}." if option else ""
    return [f"{len(problems)} images {what}: {named}{more}.{way_out}"]


def _warn(num_skipped: int, num_without: int, num_copies: int) -> None:
    if num_skipped:
        logger.warning("%d unreadable images are left out.", num_skipped)
    if num_without:
        logger.warning("%d images without a mask are left out.", num_without)
    if num_copies:
        logger.warning(
            "%d images of train are also in val or test. The model is not trained on them, so that "
            "no score is better than it should be.",
            num_copies,
        )


def _without(folder: ImageFolder, excluded: Collection[str]) -> ImageFolder:
    splits = {name: images.without(excluded) for name, images in folder.splits.items()}
    for name, images in splits.items():
        if not images.paths:
            raise DataError(f"No image of the split {name} can be used: all are left out.")
    return replace(folder, splits=splits)


def require_classes(data: SegmentationData, classes: Sequence[str]) -> None:
    """Raise DataError unless the masks have the classes, in the order, that a run was trained with."""
    if data.mask_classes != tuple(classes):
        raise DataError(
            f"The masks of {data.folder.root} have the classes {', '.join(data.mask_classes)}, but "
            f"the run was trained with {', '.join(classes)}. Give the levels of the masks the same "
            "meaning."
        )
