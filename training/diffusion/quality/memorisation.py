"""Finds generated images that are copies of training images, and whether a whole model memorises.

Held-out images, of other patients than those of train, show how close an image comes to train without
having been seen. Of a generated image that is far closer, the training image was memorised (compare
Carlini et al. 2023, Extracting training data from diffusion models; Meehan et al. 2020, A
non-parametric test to detect data-copying). Held-out images have to be drawn as those of train were.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking_plugin.wilson_interval import wilson_interval
from training.diffusion.quality.calibration import (
    MIN_HELD_OUT,
    Thresholds,
    false_flags,
    fit_thresholds,
    flagged_as_if_generated,
)
from training.diffusion.quality.closeness import Closeness, ComparedImages, closeness
from training.diffusion.quality.exchange import whole_model_test
from training.diffusion.quality.samples import require_one_encoder
from training.diffusion.quality.schema import (
    EncoderIdentity,
    FlaggedPair,
    FlaggedShare,
    Memorisation,
    Verdict,
    WholeModelTest,
)

MIN_GENERATED = 20
MAX_PAIRS = 100
SIGNIFICANT = 0.01


def check_memorisation(
    generated: ComparedImages,
    train: ComparedImages,
    held_out: ComparedImages,
    encoder: EncoderIdentity,
    *,
    shared_patients: NDArray[np.bool_] | None = None,
    seed: int = 0,
) -> Memorisation:
    """Compare generated images with training and held-out ones.

    `shared_patients` [H] marks held-out images of patients who are in train, too: they are left out.
    Raises DataError if the features are not of one encoder.
    """
    num_left_out = 0
    if shared_patients is not None and shared_patients.any():
        num_left_out = int(shared_patients.sum())
        held_out = held_out.only(~shared_patients)
    for other in (train, held_out):
        require_one_encoder(generated.sample, other.sample)
    counts: dict[str, Any] = {
        "encoder": encoder,
        "num_generated": generated.sample.num_images,
        "num_train": train.sample.num_images,
        "num_held_out": held_out.sample.num_images,
        "num_held_out_patients": held_out.sample.num_patients,
        "num_left_out": num_left_out,
    }
    if reason := _reason_against(generated, held_out):
        return Memorisation(verdict=Verdict.UNKNOWN, reason=reason, **counts)
    patients = held_out.sample.patients
    of_held_out = closeness(held_out, train, held_out, owners=(patients, patients))
    thresholds = fit_thresholds(of_held_out, patients)
    found = closeness(generated, train, held_out)
    flagged = thresholds.flags(found) | thresholds.copies(found)
    share = _share(flagged, held_out, flagged_as_if_generated(of_held_out, patients))
    whole = whole_model_test(generated.sample, train.sample, held_out.sample, seed=seed)
    num_copies = int(thresholds.copies(found).sum())
    verdict, reason = _conclusion(share, num_copies, whole)
    return Memorisation(
        verdict=verdict,
        reason=reason,
        flagged=share,
        num_copies=num_copies,
        pairs=_pairs(found, flagged, thresholds),
        whole_model=whole,
        **counts,
    )


def shared_patients(
    train: NDArray[Any] | None, held_out: NDArray[Any] | None
) -> NDArray[np.bool_] | None:
    """Which held-out images are of patients of train, by their labels; None without labels."""
    if train is None or held_out is None:
        return None
    return np.isin(held_out, train)


def _reason_against(generated: ComparedImages, held_out: ComparedImages) -> str:
    num_patients, num_generated = held_out.sample.num_patients, generated.sample.num_images
    if num_patients < MIN_HELD_OUT:
        return (
            f"Unknown: at least {MIN_HELD_OUT} held-out patients or images are needed to tell how "
            f"close an image comes to train by chance, and there are {num_patients}."
        )
    if num_generated < MIN_GENERATED:
        return (
            f"Unknown: at least {MIN_GENERATED} generated images are needed, and there are "
            f"{num_generated}."
        )
    return ""


def _share(
    flagged: NDArray[np.bool_], held_out: ComparedImages, of_held_out: float
) -> FlaggedShare:
    by_chance = false_flags(held_out.sample.num_patients)
    num_flagged, num_generated = int(flagged.sum()), len(flagged)
    return FlaggedShare(
        num_flagged=num_flagged,
        num_generated=num_generated,
        share=num_flagged / num_generated,
        interval=wilson_interval(num_flagged, num_generated),
        expected_share=by_chance.expected,
        expected_interval=by_chance.interval,
        held_out_share=of_held_out,
    )


def _conclusion(
    share: FlaggedShare, num_copies: int, whole: WholeModelTest | None
) -> tuple[Verdict, str]:
    findings = []
    if num_copies:
        findings.append(
            f"{num_copies} of {share.num_generated} generated images are copies of training images "
            "by their pixels, closer than any held-out image comes"
        )
    if share.interval[0] > share.expected_interval[1]:
        findings.append(
            f"{share.share:.1%} of the generated images are flagged, where {share.expected_share:.1%} "
            f"(at most {share.expected_interval[1]:.1%}) are expected without memorisation"
        )
    if whole is not None and whole.p_value < SIGNIFICANT and whole.share_closer_to_train > 1 / 2:
        findings.append(
            f"{whole.share_closer_to_train:.0%} of the generated images are closer to training images "
            f"than to as many held-out ones (p = {whole.p_value:.3f})"
        )
    if findings:
        return Verdict.MEMORISED, f"Memorised: {'; '.join(findings)}."
    return Verdict.NOT_SHOWN, (
        f"Not shown: {share.num_flagged} of {share.num_generated} generated images are flagged, and "
        f"{share.expected_share:.1%} are expected without memorisation; up to "
        f"{share.interval[1]:.1%} of what the model generates could be flagged."
    )


def _pairs(
    found: Closeness, flagged: NDArray[np.bool_], thresholds: Thresholds
) -> tuple[FlaggedPair, ...]:
    """The flagged images with the training images that they are close to, the closest first."""
    copies = thresholds.copies(found)
    (places,) = np.nonzero(flagged)
    order = places[np.argsort(found.pixel_ratio[places], kind="stable")][:MAX_PAIRS]
    by_pixels = found.pixel_ratio < thresholds.pixel_ratio
    train = np.where(by_pixels | copies, found.train.by_pixels, found.train.by_features)
    return tuple(
        FlaggedPair(
            generated=int(place),
            train=int(train[place]),
            feature_distance=float(found.train.feature_distance[place]),
            feature_ratio=float(found.feature_ratio[place]),
            pixel_distance=float(found.train.pixel_distance[place]),
            is_copy=bool(copies[place]),
        )
        for place in order
    )
