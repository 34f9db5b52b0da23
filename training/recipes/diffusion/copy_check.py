"""Checks at the end of a training whether the best model draws copies of what it has learned."""

import logging

from training.diffusion.families.family import Family
from training.diffusion.methods.trained_part import TrainedPart
from training.diffusion.quality.encoder_choice import open_encoder
from training.diffusion.quality.gate import decide_registration
from training.diffusion.quality.schema import MEMORISATION_ARTIFACT, Memorisation
from training.errors import TrainingError
from training.evidence.outputs import FittedEvidence
from training.evidence.schema import ModelEvidence
from training.recipes.diffusion.config import DiffusionConfig
from training.recipes.diffusion.data import DiffusionData
from training.recipes.diffusion.drawing import Picture, sample_settings
from training.recipes.diffusion.judging import check, draw_pictures, flagged_picture
from training.recipes.diffusion.real_images import RealImages
from training.recording.tracking_server import open_tracking_server
from training.settings import TrainingSettings

logger = logging.getLogger(__name__)

PAIRS = "memorised_pairs"
"""The key of the picture with flagged pairs."""


def check_best_model(
    config: DiffusionConfig, family: Family, part: TrainedPart, data: DiffusionData
) -> FittedEvidence:
    """What was found, and whether the model may be registered; `part` has the best weights."""
    found, pairs, failure = _found(config, family, part, data)
    decision = decide_registration(found, allowed_by=config.allow_memorised)
    missing = (failure,) if failure else ()
    return FittedEvidence(
        evidence=ModelEvidence(split="train", missing=missing),
        documents={} if found is None else {MEMORISATION_ARTIFACT: found.model_dump(mode="json")},
        images={} if pairs is None else {PAIRS: pairs},
        registration=decision,
    )


def _found(
    config: DiffusionConfig, family: Family, part: TrainedPart, data: DiffusionData
) -> tuple[Memorisation | None, Picture | None, str]:
    """What the check has found, its picture, and why there is none."""
    if not config.check_images:
        return None, None, ""
    captions = [image.listed.caption for image in data.train_images]
    try:
        encoder = open_encoder(
            config.check_encoder,
            open_tracking_server(),
            TrainingSettings(),
            device=family.settings.device,
        )
        drawn = draw_pictures(
            family,
            part,
            captions,
            sample_settings(config, family),
            count=config.check_images,
            seed=config.seed,
        )
        learned, held_out = RealImages.learned(data), RealImages.held_out(data)
        found = check(drawn, learned, held_out, encoder, seed=config.seed)
    except TrainingError as error:
        logger.warning("Generated images were not compared with training images: %s", error)
        return None, None, f"Unknown whether the model has memorised images: {error}"
    return found, flagged_picture(drawn, learned, found), ""
