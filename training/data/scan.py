"""Scans a data set before training: finds unreadable images, and images that are in several splits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.config import Split
from training.data.decode import UnreadableImageError
from training.data.duplicates import KnownImage, copies, similar_pairs
from training.data.inspection import ImageFacts, inspect_images
from training.data.sampling import Shard, shard_indices
from training.process import Process

NUM_THREADS = 8

ClassesByPath = Mapping[Split, Mapping[str, str]]
"""The class of each image, by its path, in each split."""


@dataclass(frozen=True, kw_only=True)
class ImageScan:
    """What a scan has found."""

    images: Sequence[KnownImage]
    unreadable: Sequence[tuple[Split, str, str]]
    """Split, path and reason."""
    groups: Sequence[Sequence[KnownImage]]
    """Images with the same pixels."""
    similar: Sequence[tuple[KnownImage, KnownImage]]

    @property
    def learnt_copies(self) -> frozenset[str]:
        """The images of train that are also in val or test, on which the model would be scored."""
        return frozenset(
            image.facts.path
            for group in self.groups
            for image in group
            if image.split is Split.TRAIN and any(other.split is not Split.TRAIN for other in group)
        )

    def unreadable_in(self, splits: Collection[Split]) -> list[tuple[str, str]]:
        """Path and reason of the unreadable images of `splits`."""
        return [(path, reason) for split, path, reason in self.unreadable if split in splits]


def scan_images(root: Path, classes: ClassesByPath, process: Process) -> ImageScan:
    """Decode every image once, divided among the ranks; a collective with one result on all ranks."""
    places = [(split, path) for split, paths in classes.items() for path in paths]
    shard = Shard(rank=process.rank, world_size=process.world_size)
    mine = [places[index][1] for index in shard_indices(len(places), shard)]
    found = list(inspect_images(root, mine, num_threads=NUM_THREADS))
    scan = None
    gathered = process.gather(found)
    if process.is_main:
        by_path = {item.path: item for share in gathered for item in share}
        scan = _scan([(split, by_path[path]) for split, path in places], classes)
    shared = process.broadcast(scan)
    assert shared is not None  # rank 0 has made it
    return shared


def _scan(
    found: Sequence[tuple[Split, ImageFacts | UnreadableImageError]], classes: ClassesByPath
) -> ImageScan:
    images = [
        KnownImage(split=split, class_name=classes[split][item.path], facts=item)
        for split, item in found
        if isinstance(item, ImageFacts)
    ]
    return ImageScan(
        images=images,
        unreadable=[
            (split, item.path, item.reason)
            for split, item in found
            if isinstance(item, UnreadableImageError)
        ],
        groups=copies(images),
        similar=similar_pairs(images),
    )
