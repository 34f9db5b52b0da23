"""Draws images of a trained model, and compares them with images to learn and with held-out ones."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.diffusion.families.family import Family
from training.diffusion.families.sampling import SampleSettings, sample
from training.diffusion.methods.trained_part import TrainedPart
from training.diffusion.quality.alignment import thumbnails
from training.diffusion.quality.closeness import ComparedImages, compared_images
from training.diffusion.quality.distances import distances
from training.diffusion.quality.features import Encoder, Picture, encode
from training.diffusion.quality.memorisation import check_memorisation
from training.diffusion.quality.pairs_picture import pairs_picture
from training.diffusion.quality.schema import Distance, Memorisation
from training.recipes.diffusion.real_images import RealImages

DRAWN_AT_ONCE = 4
SECONDS_PER_IMAGE = 600.0


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How good the drawn images are, and whether they are copies."""

    distances: tuple[Distance, ...]
    base_distances: tuple[Distance, ...]
    """Of what the base model draws for the same captions from the same noise: the line to beat."""
    memorisation: Memorisation
    pairs: Picture | None
    """The flagged images beside the training images that they are close to."""


def draw_pictures(
    family: Family,
    part: TrainedPart,
    captions: Sequence[str],
    settings: SampleSettings,
    *,
    count: int,
    seed: int,
    is_base: bool = False,
) -> list[Picture]:
    """`count` pictures for the captions in turn; each picture has noise of its own."""
    prompts = [captions[number % len(captions)] for number in range(count)]
    found: list[Picture] = []
    with part.adapter_off() if is_base else nullcontext():
        for start in range(0, count, DRAWN_AT_ONCE):
            few = prompts[start : start + DRAWN_AT_ONCE]
            seeds = [seed + start + offset for offset in range(len(few))]
            deadline = time.monotonic() + SECONDS_PER_IMAGE * len(few)
            found.extend(sample(family, part.denoiser, few, seeds, settings, deadline=deadline))
    return found


def judge(
    drawn: Sequence[Picture],
    drawn_by_base: Sequence[Picture],
    real: RealImages,
    encoder: Encoder,
    memorisation: Memorisation,
    *,
    pairs: Picture | None = None,
) -> Judgement:
    """Compare drawn images with `real` ones, of which none should have been learned."""
    features = encode(encoder, real)
    trained, base = (
        distances(features, encode(encoder, each), encoder.identity, patients=real.patients)
        for each in (drawn, drawn_by_base)
    )
    return Judgement(distances=trained, base_distances=base, memorisation=memorisation, pairs=pairs)


def check(
    drawn: Sequence[Picture],
    learned: RealImages,
    held_out: RealImages,
    encoder: Encoder,
    *,
    seed: int,
) -> Memorisation:
    """Whether drawn images are copies of images that were learned."""
    return check_memorisation(
        _compared(drawn, encoder, None, of="generated images"),
        _compared(learned, encoder, learned.patients, of="training images"),
        _compared(held_out, encoder, held_out.patients, of="held-out images"),
        encoder.identity,
        seed=seed,
    )


def flagged_picture(
    drawn: Sequence[Picture], learned: RealImages, found: Memorisation
) -> Picture | None:
    """The flagged pairs as one picture; None without any."""
    return pairs_picture(drawn, learned, found.pairs) if found.pairs else None


def _compared(
    pictures: Sequence[Picture], encoder: Encoder, patients: NDArray[np.int64] | None, *, of: str
) -> ComparedImages:
    features = encode(encoder, pictures, mirrored=True)
    return compared_images(features, thumbnails(pictures), patients, of=of)
