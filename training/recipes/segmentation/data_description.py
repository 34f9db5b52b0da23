"""Describes checked images and masks: for the terminal, for the record of a run and for a resume."""

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from training.data.decode import printable_path
from training.data.image_digests import ARTIFACT as DIGESTS_ARTIFACT
from training.data.image_digests import digests_to_json
from training.data.scan_report import scan_report
from training.recipe_spec import DatasetDescription
from training.recipes.images.data import SCAN_ARTIFACT
from training.recipes.segmentation.data import SegmentationData


def data_report(data: SegmentationData) -> dict[str, Any]:
    """The report of checked data: what is taken, what is left out and why, and how often classes occur."""
    scan = data.scan
    assert scan is not None  # the data set is checked
    return {
        **scan_report(data.images, data.left_out, scan.groups, scan.similar),
        "masks": {
            "images_without_mask": len(data.without_mask),
            "images_with_class": {
                str(split): _images_with_class(data, images.paths)
                for split, images in data.folder.splits.items()
            },
        },
    }


def mask_lines(data: SegmentationData) -> list[str]:
    """How many images of each split have each class of the masks, as lines for a terminal."""
    counts = {
        split: _images_with_class(data, images.paths)
        for split, images in data.folder.splits.items()
    }
    return [
        "Images with each structure in their masks:",
        *(
            f"  {name}: {', '.join(f'{split} {found[name]}' for split, found in counts.items())}"
            for name in data.mask_classes[1:]
        ),
    ]


def _images_with_class(data: SegmentationData, paths: Sequence[str]) -> dict[str, int]:
    levels = Counter(level for path in paths for level in data.masks[path].levels)
    return {name: levels[index] for index, name in enumerate(data.mask_classes)}


def data_identity(data: SegmentationData) -> Mapping[str, Any]:
    """What a resume must find unchanged beside the content of the data, by the words that name it."""
    return {
        "the classes of the masks": list(data.mask_classes),
        "the number of images": {
            str(split): len(images) for split, images in data.folder.splits.items()
        },
        "the number of unreadable images that are left out": len(data.skipped_images),
        "the number of images without a mask that are left out": len(data.without_mask),
    }


def describe_dataset(data: SegmentationData) -> DatasetDescription:
    """The data set as MLflow records it."""
    report = data_report(data)
    return DatasetDescription(
        name=printable_path(data.folder.root.name),
        digest=content_digest(data),
        source=str(data.folder.root),
        profile={
            "num_images": data.folder.num_images,
            "images_with_class": report["masks"]["images_with_class"],
        },
        artifacts={SCAN_ARTIFACT: report, DIGESTS_ARTIFACT: digests_to_json(data.images)},
    )


def content_digest(data: SegmentationData) -> str:
    """A hash of the paths and contents of all images and masks; 16 hexadecimal digits."""
    digest = hashlib.sha256("\0".join(data.mask_classes).encode())
    for image in sorted(data.images, key=lambda image: image.facts.path):
        path = image.facts.path
        digest.update(os.fsencode(path) + b"\0" + image.facts.file_digest + data.masks[path].digest)
    return digest.hexdigest()[:16]
