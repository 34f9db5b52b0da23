"""Describes the images of a diffusion training: for the record of the run and for a resume."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from training.config import Split
from training.data.decode import printable_path
from training.data.image_digests import ARTIFACT as DIGESTS_ARTIFACT
from training.data.image_digests import digests_to_json
from training.diffusion.data.report import ARTIFACT as REPORT_ARTIFACT
from training.diffusion.data.scan import content_digest, known_images
from training.recipe_spec import DatasetDescription
from training.recipes.diffusion.data import DiffusionData


def data_identity(data: DiffusionData) -> Mapping[str, Any]:
    """What a resume must find unchanged beside the content of the data, by the words that name it."""
    return {
        "the number of images to learn": len(data.train),
        "the number of images held out": len(data.held_out),
        "the images of the class": "" if data.prior is None else content_digest(data.prior),
    }


def describe_dataset(data: DiffusionData, report: Mapping[str, Any]) -> DatasetDescription:
    """The data set as MLflow records it."""
    held_out = known_images(data.held_out_images)
    known = [
        *known_images(data.train_images),
        *(replace(image, split=Split.VAL) for image in held_out),
    ]
    return DatasetDescription(
        name=printable_path(data.scan.root.name),
        digest=content_digest(data.scan),
        source=str(data.scan.root),
        profile={"num_images": len(data.scan.images), "num_held_out": len(data.held_out)},
        artifacts={REPORT_ARTIFACT: report, DIGESTS_ARTIFACT: digests_to_json(known)},
    )
