"""Draws images of a trained model, and compares them with images to learn and with held-out ones."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.diffusion.data.views import pixels_of, plain_view
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
from training.recipes.diffusion.data import DiffusionData

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
    real: Sequence[Picture],
    encoder: Encoder,
    memorisation: Memorisation,
    *,
    patients: NDArray[np.int64] | None,
    pairs: Picture | None = None,
) -> Judgement:
    """Compare drawn images with `real` ones, of which nothing was learned; `patients` [N] are theirs."""
    features = encode(encoder, real)
    trained = distances(features, encode(encoder, drawn), encoder.identity, patients=patients)
    base = distances(features, encode(encoder, drawn_by_base), encoder.identity, patients=patients)
    return Judgement(distances=trained, base_distances=base, memorisation=memorisation, pairs=pairs)


def check(
    drawn: Sequence[Picture], data: DiffusionData, encoder: Encoder, *, seed: int
) -> Memorisation:
    """Whether drawn images are copies of images that were learned."""
    return check_memorisation(
        _compared(drawn, encoder, None, of="generated images"),
        _compared(
            RealPictures(data, data.train),
            encoder,
            patients_of(data, data.train),
            of="training images",
        ),
        _compared(
            RealPictures(data, data.held_out),
            encoder,
            patients_of(data, data.held_out),
            of="held-out images",
        ),
        encoder.identity,
        seed=seed,
    )


def flagged_picture(
    drawn: Sequence[Picture], data: DiffusionData, found: Memorisation
) -> Picture | None:
    """The flagged pairs as one picture; None without any."""
    if not found.pairs:
        return None
    return pairs_picture(drawn, RealPictures(data, data.train), found.pairs)


def patients_of(data: DiffusionData, numbers: Sequence[int]) -> NDArray[np.int64] | None:
    if data.patients is None:
        return None
    return np.array([data.patients[number] for number in numbers], dtype=np.int64)


def _compared(
    pictures: Sequence[Picture], encoder: Encoder, patients: NDArray[np.int64] | None, *, of: str
) -> ComparedImages:
    features = encode(encoder, pictures, mirrored=True)
    return compared_images(features, thumbnails(pictures), patients, of=of)


class RealPictures(Sequence[Picture]):
    """Images as they are learned, uint8 [H, W, 3]; each is read when it is asked for."""

    def __init__(self, data: DiffusionData, numbers: Sequence[int]) -> None:
        self._data = data
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, place: int) -> Picture:  # type: ignore[override]
        scan = self._data.scan
        [pixels] = pixels_of(scan.root, [plain_view(scan.images[self._numbers[place]])])
        levels = ((pixels + 1) * 127.5).round().clamp(0, 255).byte()
        return np.ascontiguousarray(levels.permute(1, 2, 0).numpy())
