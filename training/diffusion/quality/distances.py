"""Measures how far generated images are from real ones, beside how far real ones are from each other."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.diffusion.quality.discrepancy import discrepancy
from training.diffusion.quality.frechet import frechet_distance
from training.diffusion.quality.kernels import cubic_polynomial, gaussian
from training.diffusion.quality.samples import Sample, halves, require_one_encoder, sample_of
from training.diffusion.quality.schema import Distance, EncoderIdentity, Estimate

CMMD_SCALE = 1000.0

Measure = Callable[[Sample, Sample], Estimate]

_FID_NOTES = (
    (
        "FID is biased: with fewer images it is larger, so that only values of equal numbers of "
        "images and of the same encoder can be compared."
    ),
    "The floor is measured on halves of the real images, so its bias is larger than that of the value.",
)


def kid(
    real: Sample, generated: Sample, encoder: EncoderIdentity, *, floor_seed: int = 0
) -> Distance:
    """The kernel inception distance (Bińkowski et al. 2018) in this encoder, on all images.

    The original averages over subsets of 1,000 images; the expectation is the same.
    """
    return _measured("kid", _kid, real, generated, encoder, floor_seed)


def cmmd(
    real: Sample, generated: Sample, encoder: EncoderIdentity, *, floor_seed: int = 0
) -> Distance:
    """The distance of CMMD (Jayasumana et al. 2024), times 1,000, on features of length 1.

    The reference uses CLIP's features and a biased estimate, which is larger by about 1 / n; this
    one is unbiased.
    """
    first, second = _normalised(real), _normalised(generated)
    return _measured("cmmd", _cmmd, first, second, encoder, floor_seed)


def fid(
    real: Sample, generated: Sample, encoder: EncoderIdentity, *, floor_seed: int = 0
) -> Distance:
    """The Fréchet distance in this encoder, marked as biased; it is never compared with its floor."""
    found = _measured("fid", frechet_distance, real, generated, encoder, floor_seed)
    return found.model_copy(update={"is_biased": True, "is_above_floor": None, "notes": _FID_NOTES})


def distances(
    real: NDArray[Any],
    generated: NDArray[Any],
    encoder: EncoderIdentity,
    *,
    patients: NDArray[Any] | None = None,
    floor_seed: int = 0,
) -> tuple[Distance, ...]:
    """KID, CMMD and FID of features [N, D] and [M, D]; `patients` [N] are those of the real images.

    Raises DataError if the features do not fit or are not finite.
    """
    first = sample_of(real, patients, of="real images")
    second = sample_of(generated, None, of="generated images")
    require_one_encoder(first, second)
    return tuple(
        measure(first, second, encoder, floor_seed=floor_seed) for measure in (kid, cmmd, fid)
    )


def _kid(first: Sample, second: Sample) -> Estimate:
    return discrepancy(first, second, cubic_polynomial)


def _cmmd(first: Sample, second: Sample) -> Estimate:
    return discrepancy(first, second, gaussian, scale=CMMD_SCALE)


def _measured(
    name: str,
    measure: Measure,
    real: Sample,
    generated: Sample,
    encoder: EncoderIdentity,
    floor_seed: int,
) -> Distance:
    value = measure(real, generated)
    floor = _floor(measure, real, floor_seed)
    is_above = None
    if value.interval is not None and floor.interval is not None:
        is_above = value.interval[0] > floor.interval[1]
    return Distance(name=name, encoder=encoder, value=value, floor=floor, is_above_floor=is_above)


def _floor(measure: Measure, real: Sample, seed: int) -> Estimate:
    if real.num_patients < 2:
        return Estimate(
            num_images=(real.num_images, 0),
            num_patients=(real.num_patients, 0),
            reason="Unknown: the real images are of one patient, so that they have no two halves.",
        )
    return measure(*halves(real, seed))


def _normalised(sample: Sample) -> Sample:
    features = np.asarray(sample.features, np.result_type(sample.features, np.float32))
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return Sample(
        features=features / np.maximum(lengths, np.finfo(features.dtype).tiny),
        patients=sample.patients,
    )
