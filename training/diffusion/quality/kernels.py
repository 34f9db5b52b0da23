"""Sums a kernel over all pairs of images in blocks, so that the memory is linear in the images."""

from collections.abc import Callable, Iterator

import numpy as np

from training.diffusion.quality.samples import Array, Sample

Kernel = Callable[[Array, Array], Array]
"""Maps features [A, D] and [B, D] to the kernel of each pair, float64 [A, B]."""

BLOCK = 2048
"""Rows of a block; one of pairs takes 32 MiB."""
CMMD_SIGMA = 10.0


def cubic_polynomial(first: Array, second: Array) -> Array:
    """(x·y / D + 1)³: Bińkowski et al. 2018, Demystifying MMD GANs."""
    kernel: Array = (first @ second.T / first.shape[1] + 1) ** 3
    return kernel


def gaussian(first: Array, second: Array) -> Array:
    """exp(-|x - y|² / 2s²) - 1 with s = 10: Jayasumana et al. 2024, Rethinking FID.

    The constant does not change a maximum mean discrepancy. Without it, most digits of a kernel near
    1 would be lost.
    """
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    kernel: Array = np.expm1(-np.maximum(squares, 0) / (2 * CMMD_SIGMA**2))
    return kernel


def within_sums(sample: Sample, kernel: Kernel) -> Array:
    """For each patient, the sum over the pairs of one of its images and one of another patient."""
    sums = np.zeros(sample.num_patients)
    for start, rows in _blocks(sample):
        owners = sample.patients[start : start + len(rows)]
        for other, columns in _blocks(sample):
            if other < start:
                continue
            other_owners = sample.patients[other : other + len(columns)]
            values = np.where(owners[:, None] == other_owners, 0.0, kernel(rows, columns))
            sums += np.bincount(owners, values.sum(axis=1), len(sums))
            if other > start:
                sums += np.bincount(other_owners, values.sum(axis=0), len(sums))
    return sums


def cross_sums(first: Sample, second: Sample, kernel: Kernel) -> tuple[Array, Array]:
    """For each patient of each sample, the sum over its pairs with all images of the other sample."""
    sums = np.zeros(first.num_patients), np.zeros(second.num_patients)
    for start, rows in _blocks(first):
        owners = first.patients[start : start + len(rows)]
        for other, columns in _blocks(second):
            values = kernel(rows, columns)
            sums[0][:] += np.bincount(owners, values.sum(axis=1), len(sums[0]))
            other_owners = second.patients[other : other + len(columns)]
            sums[1][:] += np.bincount(other_owners, values.sum(axis=0), len(sums[1]))
    return sums


def _blocks(sample: Sample) -> Iterator[tuple[int, Array]]:
    for start in range(0, sample.num_images, BLOCK):
        yield start, np.asarray(sample.features[start : start + BLOCK], dtype=np.float64)
