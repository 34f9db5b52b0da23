"""Finds the nearest images of each image by their features, in blocks of bounded memory."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.diffusion.quality.samples import Array, IntArray

BLOCK = 2048


def nearest(
    queries: NDArray[Any],
    references: NDArray[Any],
    *,
    number: int = 1,
    owners: tuple[IntArray, IntArray] | None = None,
) -> tuple[Array, IntArray]:
    """Euclidean distances and positions [M, K] of the `number` nearest of [N, D] to each of [M, D].

    K is at most N. With `owners`, the patients of the queries and of the references, an image of
    the same patient is infinitely far.
    """
    count = min(number, len(references))
    shape = (len(queries), count)
    distances, positions = np.full(shape, np.inf), np.zeros(shape, np.int64)
    for start in range(0, len(queries), BLOCK):
        rows = slice(start, start + BLOCK)
        for other in range(0, len(references), BLOCK):
            columns = slice(other, other + BLOCK)
            found = pairwise_distances(queries[rows], references[columns])
            if owners is not None:
                found[owners[0][rows, None] == owners[1][columns]] = np.inf
            places = np.broadcast_to(np.arange(other, other + found.shape[1]), found.shape)
            both = np.concatenate([distances[rows], found], axis=1)
            where = np.concatenate([positions[rows], places], axis=1)
            kept = np.argpartition(both, count - 1, axis=1)[:, :count]
            distances[rows] = np.take_along_axis(both, kept, axis=1)
            positions[rows] = np.take_along_axis(where, kept, axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(distances, order, 1), np.take_along_axis(positions, order, 1)


def pairwise_distances(first: NDArray[Any], second: NDArray[Any]) -> Array:
    """The Euclidean distance of each of [A, D] to each of [B, D], float64 [A, B]."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    distances: Array = np.sqrt(np.maximum(squares, 0))
    return distances
