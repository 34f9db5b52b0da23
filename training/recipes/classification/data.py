"""Verifies the images that a classifier is trained on, and describes them."""

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from training.config import Split
from training.data.decode import printable_path
from training.data.image_digests import ARTIFACT as DIGESTS_ARTIFACT
from training.data.image_digests import digests_to_json
from training.data.image_folder import ImageFolder
from training.data.scan import scan_images
from training.data.scan_report import scan_report
from training.errors import DataError
from training.process import Process
from training.recipe_spec import DatasetDescription
from training.recipes.classification.config import ClassifierConfig, SharedImages
from training.recipes.images.data import NUM_NAMED_IMAGES, SCAN_ARTIFACT, ImageData
from training.taxonomies.taxonomy import Taxonomy

logger = logging.getLogger(__name__)

_COPIES_WARNINGS = {
    SharedImages.LEAVE_OUT: "%d images of train are also in val or test. The model is not trained on "
    "them, so that no score is better than it should be.",
    SharedImages.KEEP: "%d images of train are also in val or test. The model is trained on them, so "
    "the scores are better than on images that it has never seen.",
}


@dataclass(frozen=True, kw_only=True)
class ClassifierData(ImageData):
    """A data set and the taxonomy of its classes."""

    taxonomy: Taxonomy


def verify_data(data: ClassifierData, config: ClassifierConfig, process: Process) -> ClassifierData:
    """Decode every image once, divided among the ranks, and compare all splits; a collective.

    Raises DataError that names unreadable images, unless the configuration leaves them out, and
    one about images in several splits, if the configuration refuses these.
    """
    folder = data.folder
    scan = scan_images(folder.root, _classes_by_path(data), process)
    bad = sorted(scan.unreadable_in(folder.splits))
    if bad and not config.skip_bad_images:
        raise DataError(_bad_images_message(bad))
    skipped = tuple(path for path, _ in bad)
    if skipped and process.is_main:
        names = ", ".join(map(printable_path, skipped[:NUM_NAMED_IMAGES]))
        logger.warning("%d unreadable images are left out, such as %s", len(skipped), names)
    folder = folder.without(skipped)
    copies = tuple(sorted(scan.learnt_copies)) if Split.TRAIN in folder.splits else ()
    if copies and config.shared_images is SharedImages.REFUSE:
        raise DataError(
            f"{len(copies)} images of the split train are also in val or test. Remove them from "
            "train, or choose --shared-images leave-out."
        )
    if copies and process.is_main:
        logger.warning(_COPIES_WARNINGS[config.shared_images], len(copies))
    left_out = copies if config.shared_images is SharedImages.LEAVE_OUT else ()
    if left_out:
        folder = _without_copies(folder, left_out)
    return replace(data, folder=folder, skipped_images=skipped, learnt_copies=left_out, scan=scan)


def _classes_by_path(data: ClassifierData) -> dict[Split, dict[str, str]]:
    names = data.folder.classes
    taken = {
        split: dict(zip(images.paths, (names[t] for t in images.targets), strict=True))
        for split, images in data.folder.splits.items()
    }
    others = {
        split: {path: name for name, paths in listing.images.items() for path in paths}
        for split, listing in data.listings.items()
        if split not in taken
    }
    return {**taken, **others}


def _without_copies(folder: ImageFolder, copies: Sequence[str]) -> ImageFolder:
    train = folder.splits[Split.TRAIN]
    kept = train.without(frozenset(copies))
    if emptied := sorted(set(train.targets) - set(kept.targets)):
        names = ", ".join(folder.classes[target] for target in emptied)
        raise DataError(
            f"Every image of train is also in val or test for these classes: {names}. Put other "
            "images into train, or train on them with --shared-images keep."
        )
    return replace(folder, splits={**folder.splits, Split.TRAIN: kept})


def data_report(data: ClassifierData) -> dict[str, Any]:
    """The report of a verified data set: what is taken, what is left out and why, and copies."""
    scan = data.scan
    assert scan is not None  # the data set is verified
    copies = frozenset(data.learnt_copies)
    taken = [image for image in scan.images if image.facts.path not in copies]
    return scan_report(taken, data.left_out, scan.groups, scan.similar)


def data_identity(data: ClassifierData) -> Mapping[str, Any]:
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


def describe_dataset(data: ClassifierData) -> DatasetDescription:
    """The data set as MLflow records it: its location, and the number of images of each class."""
    folder = data.folder
    per_split = {
        str(split): dict(zip(folder.classes, images.support(len(folder.classes)), strict=True))
        for split, images in folder.splits.items()
    }
    return DatasetDescription(
        name=printable_path(folder.root.name),
        digest=content_digest(data),
        source=str(folder.root),
        profile={"num_images": folder.num_images, "images_per_class": per_split},
        artifacts={
            SCAN_ARTIFACT: data_report(data),
            DIGESTS_ARTIFACT: digests_to_json(data.images),
        },
    )


def content_digest(data: ClassifierData) -> str:
    """A hash of the paths and the contents of all images; 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for image in sorted(data.images, key=lambda image: image.facts.path):
        digest.update(os.fsencode(image.facts.path) + b"\0" + image.facts.file_digest)
    return digest.hexdigest()[:16]


def _bad_images_message(bad: Sequence[tuple[str, str]]) -> str:
    named = ", ".join(
        f"{printable_path(path)} ({reason})" for path, reason in bad[:NUM_NAMED_IMAGES]
    )
    more = f" and {len(bad) - NUM_NAMED_IMAGES} more" if len(bad) > NUM_NAMED_IMAGES else ""
    return (
        f"{len(bad)} images cannot be read: {named}{more}. Replace or remove them, "
        "or leave them out with --skip-bad-images."
    )
