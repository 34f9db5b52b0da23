"""Finds and verifies the data set of the retinal recipe, or draws a synthetic one if none is given."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.config import Split
from training.data.image_folder import ImageFolder, scan_image_folder, training_classes
from training.data.sampling import Shard, shard_indices
from training.data.synthetic.dataset import generate_dataset
from training.data.verify import unreadable_images
from training.errors import DataError
from training.process import Process
from training.recipe_spec import DatasetDescription
from training.recipes.retinal.config import RetinalConfig
from training.taxonomies.taxonomy import Taxonomy, caasi_v6_1, load_taxonomy, taxonomy_for_folders

logger = logging.getLogger(__name__)

SYNTHETIC_IMAGES_PER_CLASS = {Split.TRAIN: 24, Split.VAL: 8, Split.TEST: 8}
SYNTHETIC_IMAGE_SIZE = 128
NUM_NAMED_IMAGES = 5
NUM_VERIFY_THREADS = 8


@dataclass(frozen=True, kw_only=True)
class RetinalData:
    """A verified data set and the taxonomy of its classes."""

    folder: ImageFolder
    taxonomy: Taxonomy
    skipped_images: tuple[str, ...]


def data_root(config: RetinalConfig, data_dir: Path) -> Path:
    """The folder of the images; without data, a synthetic set that is drawn once in `data_dir`."""
    if config.data:
        return Path(config.data).expanduser().resolve()
    return generate_dataset(
        data_dir / "drawn",
        taxonomy=caasi_v6_1(),
        images_per_class={str(split): count for split, count in SYNTHETIC_IMAGES_PER_CLASS.items()},
        image_size=SYNTHETIC_IMAGE_SIZE,
        seed=0,
    )


def find_data(config: RetinalConfig, root: Path, splits: Sequence[Split]) -> RetinalData:
    """List the images of `splits` under `root`, and find their taxonomy."""
    taxonomy = (
        load_taxonomy(Path(config.taxonomy))
        if config.taxonomy
        else taxonomy_for_folders(training_classes(root))
    )
    folder = scan_image_folder(root, splits, taxonomy.classes)
    return RetinalData(folder=folder, taxonomy=taxonomy, skipped_images=())


def verify_data(data: RetinalData, config: RetinalConfig, process: Process) -> RetinalData:
    """Decode every image once, divided among the ranks; a collective.

    Raises DataError that names unreadable images, unless the configuration leaves them out.
    """
    folder = data.folder
    paths = [path for split in folder.splits.values() for path in split.paths]
    shard = Shard(rank=process.rank, world_size=process.world_size)
    mine = [paths[index] for index in shard_indices(len(paths), shard)]
    found = unreadable_images(folder.root, mine, num_threads=NUM_VERIFY_THREADS)
    gathered = process.broadcast(process.gather([(e.path, e.reason) for e in found]))
    bad = sorted(entry for entries in gathered for entry in entries)
    if not bad:
        return data
    if not config.skip_bad_images:
        raise DataError(_bad_images_message(bad))
    skipped = tuple(path for path, _ in bad)
    logger.warning("%d unreadable images are left out: %s", len(bad), ", ".join(skipped))
    return RetinalData(
        folder=folder.without(skipped), taxonomy=data.taxonomy, skipped_images=skipped
    )


def data_identity(data: RetinalData) -> Mapping[str, Any]:
    """What a resume must find unchanged beside the content of the images, by the words that name it."""
    taxonomy, folder = data.taxonomy, data.folder
    return {
        "the classes": list(taxonomy.classes),
        "the modality of a class": dict(zip(taxonomy.classes, taxonomy.modalities, strict=True)),
        "a critical condition": {
            condition.name: {
                "classes": [taxonomy.classes[index] for index in condition.class_indices],
                "minimum sensitivity": condition.min_sensitivity,
            }
            for condition in taxonomy.critical_conditions
        },
        "the number of images": {
            str(split): dict(zip(folder.classes, images.support(len(folder.classes)), strict=True))
            for split, images in folder.splits.items()
        },
        "the number of unreadable images that are left out": len(data.skipped_images),
    }


def describe_dataset(data: RetinalData) -> DatasetDescription:
    """The data set as MLflow records it: its location, and the number of images of each class."""
    folder = data.folder
    per_split = {
        str(split): dict(zip(folder.classes, images.support(len(folder.classes)), strict=True))
        for split, images in folder.splits.items()
    }
    return DatasetDescription(
        name=folder.root.name,
        digest=folder.digest,
        source=str(folder.root),
        profile={"num_images": folder.num_images, "images_per_class": per_split},
    )


def _bad_images_message(bad: Sequence[tuple[str, str]]) -> str:
    named = ", ".join(f"{path} ({reason})" for path, reason in bad[:NUM_NAMED_IMAGES])
    more = f" and {len(bad) - NUM_NAMED_IMAGES} more" if len(bad) > NUM_NAMED_IMAGES else ""
    return (
        f"{len(bad)} images cannot be read: {named}{more}. Replace or remove them, "
        "or leave them out with --skip-bad-images."
    )
