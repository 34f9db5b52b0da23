"""Measures how much closer images are to training images than to held-out ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.diffusion.quality.alignment import Thumbnails, aligned_distances, alike
from training.diffusion.quality.neighbours import nearest
from training.diffusion.quality.samples import Array, IntArray, Sample, sample_of
from training.errors import DataError

NUM_CANDIDATES = 3
"""Nearest images by features, and as many by coarse pixels, whose pixels are compared exactly."""
_TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class ComparedImages:
    """Images with their features and thumbnails; `alignment.thumbnails` makes these."""

    sample: Sample
    pictures: Thumbnails

    def only(self, chosen: NDArray[np.bool_]) -> "ComparedImages":
        return ComparedImages(sample=self.sample.only(chosen), pictures=self.pictures[chosen])


def compared_images(
    features: NDArray[Any], pictures: Thumbnails, patients: NDArray[Any] | None, *, of: str
) -> ComparedImages:
    """Check features [N, D], which `encode(..., mirrored=True)` makes, and thumbnails [N, 32, 32, 3].

    Raises DataError if they do not belong together.
    """
    sample = sample_of(features, patients, of=of)
    if len(pictures) != sample.num_images:
        raise DataError(
            f"Expected a thumbnail of each of the {sample.num_images} {of}, but there are "
            f"{len(pictures)}: pass those of the same images, in the same order."
        )
    return ComparedImages(sample=sample, pictures=pictures)


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The nearest image of a set to each query: by features, and by aligned pixels; [M] each."""

    feature_distance: Array
    by_features: IntArray
    pixel_distance: Array
    by_pixels: IntArray


@dataclass(frozen=True, kw_only=True)
class Closeness:
    """The nearest training images, and both distances divided by those to held-out images, [M]."""

    train: Nearest
    feature_ratio: Array
    pixel_ratio: Array


def closeness(
    queries: ComparedImages,
    train: ComparedImages,
    held_out: ComparedImages,
    *,
    owners: tuple[IntArray, IntArray] | None = None,
) -> Closeness:
    """A ratio far below those of other images says that an image was copied from train.

    An image that is like many others is close to both sets, and an unusual one to neither, so that
    the ratio means the same for both. With `owners`, the patients of the queries and of the held-out
    images, a query that is held out is not compared with images of its own patient.
    """
    near_train = find_nearest(queries, train)
    near_held_out = find_nearest(queries, held_out, owners=owners)
    return Closeness(
        train=near_train,
        feature_ratio=_ratio(near_train.feature_distance, near_held_out.feature_distance),
        pixel_ratio=_ratio(near_train.pixel_distance, near_held_out.pixel_distance),
    )


def find_nearest(
    queries: ComparedImages,
    references: ComparedImages,
    *,
    owners: tuple[IntArray, IntArray] | None = None,
) -> Nearest:
    """The pixels are compared with those of the nearest by features and by a coarse search."""
    distances, by_features = nearest(
        queries.sample.features, references.sample.features, number=NUM_CANDIDATES, owners=owners
    )
    by_coarse = alike(queries.pictures, references.pictures, number=NUM_CANDIDATES, owners=owners)
    candidates = np.concatenate([by_features, by_coarse], axis=1)
    num_candidates = candidates.shape[1]
    pixels = aligned_distances(
        queries.pictures.repeat(num_candidates, axis=0), references.pictures[candidates.ravel()]
    ).reshape(candidates.shape)
    if owners is not None:
        pixels[owners[0][:, None] == owners[1][candidates]] = np.inf
    best = pixels.argmin(axis=1)[:, None]
    return Nearest(
        feature_distance=distances[:, 0],
        by_features=by_features[:, 0],
        pixel_distance=np.take_along_axis(pixels, best, axis=1)[:, 0],
        by_pixels=np.take_along_axis(candidates, best, axis=1)[:, 0],
    )


def _ratio(first: Array, second: Array) -> Array:
    ratio: Array = (first + _TINY) / (second + _TINY)
    return ratio
