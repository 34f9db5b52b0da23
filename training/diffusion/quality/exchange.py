"""Tests whether a whole model is closer to its training images than to as many held-out ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.diffusion.quality.neighbours import BLOCK, pairwise_distances
from training.diffusion.quality.samples import Array, Sample
from training.diffusion.quality.schema import WholeModelTest

NUM_EXCHANGES = 499
MIN_PATIENTS = 5
"""Of each set: with fewer, patients can be exchanged in too few ways to show anything."""
MAX_PATIENTS = 2000
MAX_GENERATED = 1000
"""Bound the distances in memory to 32 MB; a random choice is taken of larger sets."""


def whole_model_test(
    generated: Sample, train: Sample, held_out: Sample, *, seed: int
) -> WholeModelTest | None:
    """The share of generated images that are closer to train, with a one-sided p-value.

    Both sets are cut to equally many patients. Without memorisation it does not matter which of them
    was trained on, so the share is compared with that after patients were exchanged at random. It
    takes the dependence between generated images into account, which share their neighbours. None
    with fewer than 5 patients in a set.
    """
    count = min(train.num_patients, held_out.num_patients, MAX_PATIENTS)
    if count < MIN_PATIENTS:
        return None
    random = np.random.default_rng(seed)
    queries = generated.features
    if len(queries) > MAX_GENERATED:
        queries = queries[np.sort(random.permutation(len(queries))[:MAX_GENERATED])]
    distances = np.concatenate(
        [_to_patients(queries, _some(each, count, random)) for each in (train, held_out)], axis=1
    )
    is_train = np.arange(2 * count) < count
    observed = _share(distances, is_train)
    exchanged = [_share(distances, random.permutation(is_train)) for _ in range(NUM_EXCHANGES)]
    num_as_far = sum(share >= observed for share in exchanged)
    return WholeModelTest(
        share_closer_to_train=observed,
        p_value=(1 + num_as_far) / (1 + NUM_EXCHANGES),
        num_generated=len(queries),
        num_patients=count,
        num_exchanges=NUM_EXCHANGES,
    )


def _some(sample: Sample, count: int, random: np.random.Generator) -> Sample:
    chosen = random.permutation(sample.num_patients)[:count]
    return sample.only(np.isin(sample.patients, chosen))


def _to_patients(queries: NDArray[Any], sample: Sample) -> NDArray[np.float32]:
    """The distance of each query to the nearest image of each patient, [M, P]."""
    order = np.argsort(sample.patients, kind="stable")
    found = np.full((len(queries), sample.num_patients), np.inf, np.float32)
    for start in range(0, len(order), BLOCK):
        rows = order[start : start + BLOCK]
        patients, firsts = np.unique(sample.patients[rows], return_index=True)
        to_images = pairwise_distances(queries, sample.features[rows])
        least = np.minimum.reduceat(to_images, firsts, axis=1)
        found[:, patients] = np.minimum(found[:, patients], least)
    return found


def _share(distances: NDArray[np.float32], is_train: NDArray[np.bool_]) -> float:
    """The share that is closer to train; a tie counts half, as in the Mann-Whitney statistic."""
    to_train: Array = distances[:, is_train].min(axis=1)
    to_held_out: Array = distances[:, ~is_train].min(axis=1)
    return float((to_train < to_held_out).mean() + (to_train == to_held_out).mean() / 2)
