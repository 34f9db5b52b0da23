"""Finds the data set of a recipe for images, or draws a synthetic one if none is given."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

from tracking_plugin.data_roots import DataRoots
from training.config import Split
from training.data.duplicates import KnownImage
from training.data.image_folder import ImageFolder, Listings
from training.data.listing import LeftOut, LeftOutReason, SplitListing, list_split
from training.data.scan import ImageScan
from training.data.synthetic.dataset import generate_dataset
from training.errors import DataError
from training.process import Process
from training.settings import TrainingSettings
from training.taxonomies.taxonomy import caasi_v6_1

logger = logging.getLogger(__name__)

SYNTHETIC_FOLDER = "drawn"
"""In the data folder: the synthetic set, which is the data of a run without any."""
SYNTHETIC_IMAGES_PER_CLASS = {Split.TRAIN: 24, Split.VAL: 8, Split.TEST: 8}
SYNTHETIC_IMAGE_SIZE = 128
NUM_NAMED_IMAGES = 5
"""Longest list of images in a message."""
SCAN_ARTIFACT = "data/scan.json"


@dataclass(frozen=True, kw_only=True)
class ImageData:
    """A data set of images; `scan` is the result of its verification."""

    folder: ImageFolder
    listings: Listings = field(default_factory=dict)
    """The files of the splits in `folder`, and of other splits that are only scanned."""
    scan: ImageScan | None = None
    skipped_images: tuple[str, ...] = ()
    """Images that are left out, because they cannot be read."""
    learnt_copies: tuple[str, ...] = ()
    """Images of train that are left out, because they are also in val or test."""

    @property
    def images(self) -> list[KnownImage]:
        """The scanned images of the splits in `folder`; none before the verification."""
        scanned = () if self.scan is None else self.scan.images
        taken = {path for split in self.folder.splits.values() for path in split.paths}
        return [image for image in scanned if image.facts.path in taken]

    @property
    def left_out(self) -> list[LeftOut]:
        """The files that the listings, the verification and copies leave out; none unreadable before it."""
        unreadable = () if self.scan is None else self.scan.unreadable
        return [
            *(item for listing in self.listings.values() for item in listing.left_out),
            *(
                LeftOut(split=split, path=path, reason=LeftOutReason.UNREADABLE)
                for split, path, _ in unreadable
            ),
            *(
                LeftOut(split=Split.TRAIN, path=path, reason=LeftOutReason.COPY)
                for path in self.learnt_copies
            ),
        ]


def data_root(data: str, data_dir: Path) -> Path:
    """The folder of the images; without `data`, a synthetic set that is drawn once in `data_dir`."""
    if data:
        return Path(data).expanduser().resolve()
    return generate_dataset(
        data_dir / SYNTHETIC_FOLDER,
        taxonomy=caasi_v6_1(),
        images_per_class={str(split): count for split, count in SYNTHETIC_IMAGES_PER_CLASS.items()},
        image_size=SYNTHETIC_IMAGE_SIZE,
        seed=0,
    )


def is_own_root(root: Path, data: str, data_dir: Path) -> bool:
    """Whether `root` is the folder of the run's own images, however it is written."""
    own = Path(data).expanduser() if data else data_dir / SYNTHETIC_FOLDER
    return own.exists() and root.samefile(own)


def data_root_on_rank(data: str, data_dir: Path, process: Process) -> Path:
    """As `data_root`, with a missing synthetic set drawn by one rank of each machine; a collective."""
    if process.local_rank == 0:
        data_root(data, data_dir)
    process.barrier()
    return data_root(data, data_dir)


def allowed_folders() -> DataRoots:
    """The folders that data sets and the links in them must be in."""
    return DataRoots(TrainingSettings().data_roots)


def list_compared_split(root: Path, split: Split, roots: DataRoots) -> SplitListing:
    """The images of a split that is only compared with the others; none if it cannot be listed."""
    try:
        return list_split(root, split, roots)
    except DataError as error:
        logger.warning("The split %s is not compared with the others: %s", split, error)
        return SplitListing()
