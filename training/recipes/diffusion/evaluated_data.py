"""Finds the images that an evaluation compares with: real ones, and those that the run has learned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.diffusion.data.scan import content_digest
from training.diffusion.families.family import Family
from training.errors import DataError
from training.process import Process
from training.recipes.diffusion.config import DiffusionConfig
from training.recipes.diffusion.data import DiffusionData, find_data
from training.recipes.images.data import allowed_folders

MIN_REAL = 2


@dataclass(frozen=True, kw_only=True)
class RealImages:
    """Real images by their numbers in `data`."""

    data: DiffusionData
    numbers: tuple[int, ...]


def find_evaluated(
    config: DiffusionConfig,
    document: Mapping[str, Any],
    other_folder: str,
    family: Family,
    process: Process,
) -> tuple[DiffusionData | None, RealImages]:
    """The data of the run, and real images: all of `other_folder`, or else what the run held out.

    With another folder, the data of the run are None if they are gone or have changed: what stands
    there now is not what was learned. Raises DataError if images are missing that are needed.
    """
    if not other_folder:
        own = _own_data(config, document, family, process)
        return own, _enough(RealImages(data=own, numbers=own.held_out), "held out by the run")
    try:
        found: DiffusionData | None = _own_data(config, document, family, process)
    except DataError:
        found = None
    other = config.model_copy(update={"data": other_folder, "held_out_share": 0.0})
    data = find_data(other, family.pixels_per_cell, allowed_folders(), process)
    real = RealImages(data=data, numbers=tuple(range(len(data.scan.images))))
    return found, _enough(real, f"in {other_folder}")


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


def _enough(real: RealImages, place: str) -> RealImages:
    if len(real.numbers) < MIN_REAL:
        raise DataError(
            f"Expected at least {MIN_REAL} real images to compare with, but {len(real.numbers)} are "
            f"{place}. Name a folder of others with --data."
        )
    return real
