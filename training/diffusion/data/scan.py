"""Reads every captioned image once before the training: its size, its bucket, copies, and damage."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.config import Split
from training.data.colours import on_white
from training.data.decode import UnreadableImageError, printable_path
from training.data.duplicates import KnownImage, copies, similar_pairs
from training.data.inspection import ImageFacts, inspect_images
from training.data.mask_folder import MaskError
from training.diffusion.data.buckets import BucketRules, Placement, UnsuitableSizeError, place
from training.diffusion.data.captioned_folder import CaptionedFolder, ListedImage
from training.diffusion.data.fates import CAPTION_PROBLEMS, IMAGE_PROBLEMS, Fate, FileFate
from training.diffusion.data.pixels import open_mask
from training.diffusion.data.shared_work import do_together, share_of
from training.errors import DataError
from training.file_digest import file_sha256
from training.process import Process
from training.recipes.images.data import NUM_NAMED_IMAGES

NUM_THREADS = 8
PART_SIZE = 64
"""Images that a rank reads between two looks at the clock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingImage:
    """An image that is trained on."""

    listed: ListedImage
    facts: ImageFacts
    placement: Placement

    @property
    def name(self) -> str:
        """The beginning of the digest of its file, which tells nothing of whose image it is."""
        return self.facts.file_digest.hex()[:12]


@dataclass(frozen=True, kw_only=True)
class ScannedData:
    """The images of a training, in an order that depends on their paths only, and all other files."""

    root: Path
    images: Sequence[TrainingImage]
    others: Sequence[FileFate]
    groups: Sequence[Sequence[int]]
    """Numbers of images with the same pixels."""
    similar: Sequence[tuple[int, int]]
    """Numbers of images that look almost the same."""
    num_shared_names: int = 0
    num_overruled: int = 0


@dataclass(frozen=True, kw_only=True)
class Strictness:
    """Which files may be left out, and are counted, instead of ending the training before it begins."""

    skip_bad_images: bool = False
    skip_bad_captions: bool = False
    skip_copies: bool = False
    """Train on the first of several images with the same pixels."""


def scan_captioned(
    folder: CaptionedFolder,
    rules: BucketRules,
    strictness: Strictness,
    process: Process,
    **pace: Any,
) -> ScannedData:
    """Read the images, divided among the ranks; a collective with one result on all ranks.

    `pace` are options of `do_together`. Raises DataError that names the files that cannot be used,
    unless they may be left out, and if no image remains.
    """
    found: list[ImageFacts | FileFate] = []
    mine = share_of(list(folder.images), process)
    parts = _inspect(folder.root, mine, found)
    total = len(folder.images)
    do_together(parts, total, process, what="Images read", **pace)
    gathered = process.gather(found)
    data = None
    if process.is_main:
        by_path = {item.path: item for share in gathered for item in share}
        data = _placed(folder, [by_path[image.path] for image in folder.images], rules)
    data = process.broadcast(data)
    assert data is not None  # rank 0 has made it
    _require_usable(data, strictness)
    return _without_copies(data) if strictness.skip_copies else data


def known_images(images: Sequence[TrainingImage]) -> list[KnownImage]:
    """The images as `training.data.image_digests` remembers those of a training."""
    return [KnownImage(split=Split.TRAIN, class_name="", facts=image.facts) for image in images]


def content_digest(data: ScannedData) -> str:
    """A hash of all that samples are made of; 16 hexadecimal digits. A resume must find it unchanged."""
    digest = hashlib.sha256()
    for image in data.images:
        listed = image.listed
        mask = "" if listed.mask is None else file_sha256(listed.mask)
        fields = (listed.caption, listed.repeats, image.placement, mask)
        digest.update(os.fsencode(listed.path) + b"\0" + image.facts.file_digest)
        digest.update(repr(fields).encode())
    return digest.hexdigest()[:16]


def _inspect(
    root: Path, images: Sequence[ListedImage], found: list[ImageFacts | FileFate]
) -> Iterator[int]:
    for start in range(0, len(images), PART_SIZE):
        part = images[start : start + PART_SIZE]
        paths = [image.path for image in part]
        facts = inspect_images(root, paths, num_threads=NUM_THREADS, convert=on_white)
        found += [_checked(*pair) for pair in zip(part, facts, strict=True)]
        yield len(part)


def _checked(image: ListedImage, facts: ImageFacts | UnreadableImageError) -> ImageFacts | FileFate:
    if isinstance(facts, UnreadableImageError):
        return FileFate(path=image.path, fate=Fate.UNREADABLE, reason=facts.reason)
    if image.mask is not None:
        try:
            open_mask(image.mask, image.path, facts.upright_size)
        except MaskError as error:
            return FileFate(path=image.path, fate=Fate.BAD_MASK, reason=error.reason)
    return facts


def _placed(
    folder: CaptionedFolder, found: Sequence[ImageFacts | FileFate], rules: BucketRules
) -> ScannedData:
    images, others = [], list(folder.others)
    for listed, facts in zip(folder.images, found, strict=True):
        if isinstance(facts, FileFate):
            others.append(facts)
            continue
        try:
            placement = place(*facts.upright_size, rules)
        except UnsuitableSizeError as error:
            others.append(FileFate(path=listed.path, fate=Fate.UNSUITABLE, reason=str(error)))
            continue
        images.append(TrainingImage(listed=listed, facts=facts, placement=placement))
    known = known_images(images)
    numbers = {image.facts.path: number for number, image in enumerate(known)}
    return ScannedData(
        root=folder.root,
        images=images,
        others=others,
        groups=[[numbers[image.facts.path] for image in group] for group in copies(known)],
        similar=[
            (numbers[first.facts.path], numbers[second.facts.path])
            for first, second in similar_pairs(known)
        ],
        num_shared_names=folder.num_shared_names,
        num_overruled=folder.num_overruled,
    )


def _require_usable(data: ScannedData, strictness: Strictness) -> None:
    problems = [
        *([] if strictness.skip_bad_captions else _listed(data.others, CAPTION_PROBLEMS)),
        *([] if strictness.skip_bad_images else _listed(data.others, IMAGE_PROBLEMS)),
    ]
    if problems:
        raise DataError(
            f"{' '.join(problems)} Mend or remove these files, or leave them out with "
            "--skip-bad-captions or --skip-bad-images. A caption for images without one is given with "
            "--caption."
        )
    if not data.images:
        raise DataError("No image is left to train on: every one is left out.")


def _listed(others: Sequence[FileFate], fates: Sequence[Fate]) -> Iterator[str]:
    for fate in fates:
        bad = sorted((item for item in others if item.fate is fate), key=lambda item: item.path)
        if bad:
            named = ", ".join(map(_named, bad[:NUM_NAMED_IMAGES]))
            rest = len(bad) - NUM_NAMED_IMAGES
            more = f" and {rest} more" if rest > 0 else ""
            yield f"{len(bad)} x {fate}: {named}{more}."


def _named(item: FileFate) -> str:
    return printable_path(item.path) + (f" ({item.reason})" if item.reason else "")


def _without_copies(data: ScannedData) -> ScannedData:
    dropped = {number for group in data.groups for number in sorted(group)[1:]}
    kept = [number for number in range(len(data.images)) if number not in dropped]
    new = {old: number for number, old in enumerate(kept)}
    return replace(
        data,
        images=[data.images[number] for number in kept],
        others=[
            *data.others,
            *(
                FileFate(path=data.images[number].listed.path, fate=Fate.COPY)
                for number in sorted(dropped)
            ),
        ],
        groups=[],
        similar=[(new[a], new[b]) for a, b in data.similar if a in new and b in new],
    )
