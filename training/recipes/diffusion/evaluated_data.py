"""Finds the images that an evaluation compares with: real ones, and those that the run has learned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.diffusion.data.scan import content_digest
from training.diffusion.families.family import Family
from training.diffusion.quality.calibration import MIN_HELD_OUT
from training.errors import DataError
from training.process import Process
from training.recipes.diffusion.config import DiffusionConfig
from training.recipes.diffusion.data import DiffusionData, find_data
from training.recipes.diffusion.real_images import RealImages
from training.recipes.images.data import allowed_folders

MIN_REAL = 2


@dataclass(frozen=True, kw_only=True)
class EvaluatedImages:
    """What drawn images are compared with."""

    real: RealImages
    learned: RealImages | None
    """None if the images of the run are gone or have changed: others there are not what was learned."""
    held_out: RealImages
    """Images that were not learned, which show how close such images come to learned ones."""


def find_evaluated(
    config: DiffusionConfig,
    document: Mapping[str, Any],
    other_folder: str,
    family: Family,
    process: Process,
) -> EvaluatedImages:
    """The real images are all of `other_folder`, or else those that the run held out.

    If the run held out too few to tell copies, the images of the other folder that it has not learned
    take their place. Raises DataError if images are missing that are needed.
    """
    if not other_folder:
        own = _own_data(config, document, family, process)
        real = _enough(RealImages.held_out(own), "held out by the run")
        return EvaluatedImages(real=real, learned=RealImages.learned(own), held_out=real)
    other = config.model_copy(update={"data": other_folder, "held_out_share": 0.0})
    data = find_data(other, family.pixels_per_cell, allowed_folders(), process)
    real = _enough(RealImages.learned(data), f"in {other_folder}")
    try:
        own = _own_data(config, document, family, process)
    except DataError:
        return EvaluatedImages(real=real, learned=None, held_out=real)
    held_out = RealImages.held_out(own)
    if len(held_out) < MIN_HELD_OUT:
        held_out = _not_learned(data, own)
    return EvaluatedImages(real=real, learned=RealImages.learned(own), held_out=held_out)


def _not_learned(data: DiffusionData, own: DiffusionData) -> RealImages:
    learned = {image.facts.digest for image in own.train_images}
    found = [n for n, image in enumerate(data.scan.images) if image.facts.digest not in learned]
    return RealImages(data, found)


def _own_data(
    config: DiffusionConfig, document: Mapping[str, Any], family: Family, process: Process
) -> DiffusionData:
    data = find_data(config, family.pixels_per_cell, allowed_folders(), process)
    digest = content_digest(data.scan)
    if document.get("data_digest", digest) != digest:
        raise DataError(
            f"The images in {config.data} are not those of the training any more. Put them back, or "
            "name other images with --data: then nothing is said about copies."
        )
    return data


def _enough(images: RealImages, place: str) -> RealImages:
    if len(images) < MIN_REAL:
        raise DataError(
            f"Expected at least {MIN_REAL} real images to compare with, but {len(images)} are {place}. "
            "Name a folder of others with --data."
        )
    return images
