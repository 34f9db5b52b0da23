"""Counts the scored images that the model has seen before: a score on them shows nothing."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from training.config import Split
from training.data.duplicates import KnownImage
from training.data.image_digests import ARTIFACT, num_known
from training.recipe import TrainedModel

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SeenImages:
    """How many of the scored images the model was trained on, and how many chose its best epoch."""

    trained_on: int
    chosen_with: int


def count_seen(images: Sequence[KnownImage], trained: TrainedModel) -> SeenImages | None:
    """None if the run does not say what it was trained on, as runs of earlier versions."""
    stored = trained.read_json(ARTIFACT)
    if not isinstance(stored, dict):
        logger.warning(
            "The run does not say on which images it was trained, so that nobody can tell whether "
            "the scored ones are among them."
        )
        return None
    try:
        return SeenImages(
            trained_on=num_known(images, stored, Split.TRAIN),
            chosen_with=num_known(images, stored, Split.VAL),
        )
    except (AttributeError, TypeError, ValueError):
        logger.warning("%s of the run is damaged, so that seen images cannot be counted.", ARTIFACT)
        return None


def warn_about_seen(seen: SeenImages | None, num_images: int) -> None:
    if seen is not None and seen.trained_on:
        logger.warning(
            "The model was trained on %d of the %d scored images, so the scores are better than on "
            "images that it has never seen.",
            seen.trained_on,
            num_images,
        )
