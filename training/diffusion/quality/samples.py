"""The features of a set of images, and the patient that each image is of."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import DataError

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Features [N, D] with the patient of each image; without patients, each image stands alone."""

    features: NDArray[Any]
    patients: IntArray
    """Int64 [N], numbered from 0 without gaps."""
    sizes: IntArray = field(init=False)
    """Images of each patient."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", np.bincount(self.patients))

    @property
    def num_images(self) -> int:
        return len(self.features)

    @property
    def num_patients(self) -> int:
        return len(self.sizes)

    def only(self, chosen: NDArray[np.bool_]) -> "Sample":
        """The images of the mask [N]."""
        numbers = np.unique(self.patients[chosen], return_inverse=True)[1]
        return Sample(features=self.features[chosen], patients=numbers.astype(np.int64))


def sample_of(features: NDArray[Any], patients: NDArray[Any] | None, *, of: str) -> Sample:
    """Check features [N, D] and the patients [N], which may be any labels.

    `of` names the images in messages. Raises DataError if the shapes do not fit, or a feature is no
    finite number.
    """
    features = np.asarray(features)
    if features.ndim != 2 or not features.shape[1]:
        raise DataError(
            f"Expected features of {of} as [images, features], but their shape is "
            f"{list(features.shape)}: pass what one encoder gave for these images."
        )
    if not len(features):
        raise DataError(f"Expected {of}, but there are none: name a set that has images.")
    num_broken = int((~np.isfinite(features).all(axis=1)).sum())
    if num_broken:
        raise DataError(
            f"Expected finite features, but {num_broken} of {len(features)} {of} have NaN or "
            "infinity: choose an encoder that has not diverged, or look at these images."
        )
    if patients is None:
        return Sample(features=features, patients=np.arange(len(features)))
    patients = np.asarray(patients)
    if patients.shape != (len(features),):
        raise DataError(
            f"Expected one patient for each of {len(features)} {of}, but the shape is "
            f"{list(patients.shape)}: pass the patient of every image, in the same order."
        )
    return Sample(
        features=features, patients=np.unique(patients, return_inverse=True)[1].astype(np.int64)
    )


def require_one_encoder(first: Sample, second: Sample) -> None:
    """Raise DataError unless both have features of the same length."""
    sizes = [sample.features.shape[1] for sample in (first, second)]
    if sizes[0] != sizes[1]:
        raise DataError(
            f"Expected features of one encoder, but one set has {sizes[0]} for an image and the "
            f"other {sizes[1]}: encode both with the same one."
        )


def halves(sample: Sample, seed: int) -> tuple[Sample, Sample]:
    """Two halves that share no patient; the same ones in whatever order the images are."""
    order = np.random.default_rng(seed).permutation(canonical_order(sample))
    taken, counts = np.zeros(sample.num_patients, bool), [0, 0]
    for patient in order:
        second = counts[1] < counts[0]
        taken[patient] = second
        counts[second] += int(sample.sizes[patient])
    in_second = taken[sample.patients]
    return sample.only(~in_second), sample.only(in_second)


def canonical_order(sample: Sample) -> IntArray:
    """The patients in an order that follows from their features alone."""
    rows = np.ascontiguousarray(sample.features)
    keys = [""] * sample.num_patients
    for patient, row in zip(sample.patients.tolist(), rows, strict=True):
        key = hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest()
        keys[patient] = min(keys[patient] or key, key)
    return np.argsort(np.array(keys), kind="stable")
