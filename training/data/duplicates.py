"""Finds copies of an image, and images that look almost the same."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.config import Split
from training.data.inspection import THUMBNAIL_SIZE, ImageFacts

NEIGHBOURS = 32
"""Images compared with each in every sorted order; bounds the time to find similar ones."""
MAX_DIFFERENT_BITS = 4
MIN_BRIGHTER_LEVELS = 4
"""A smaller difference between two parts of an image is noise, as in a black border."""
MIN_CORRELATION = 0.995
"""Of two thumbnails. Re-encoded or resized copies have more; two photographs of an eye mostly less."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownImage:
    """An image of the data set, with its split and class."""

    split: Split
    class_name: str
    facts: ImageFacts


def copies(images: Iterable[KnownImage]) -> list[list[KnownImage]]:
    """The groups of images with the same pixels, each of two images or more."""
    groups: defaultdict[bytes, list[KnownImage]] = defaultdict(list)
    for image in images:
        groups[image.facts.digest].append(image)
    return [group for group in groups.values() if len(group) > 1]


def similar_pairs(images: Sequence[KnownImage]) -> list[tuple[KnownImage, KnownImage]]:
    """Pairs of images that look almost the same, without those that are copies.

    The time is proportional to the number of images: a difference hash is compared with its
    neighbours in sorted orders that begin with different bits (Manku et al. 2007, Detecting
    near-duplicates for web crawling), so that some pairs among very many similar images can be missed.
    """
    originals = list({image.facts.digest: image for image in images}.values())
    if len(originals) < 2:
        return []
    width, height = THUMBNAIL_SIZE
    thumbnails = np.stack(
        [np.frombuffer(image.facts.thumbnail, np.uint8) for image in originals]
    ).reshape(len(originals), height, width)
    pairs = _candidates(_hashes(thumbnails))
    is_similar = _correlations(thumbnails, pairs) >= MIN_CORRELATION
    return [(originals[first], originals[second]) for first, second in pairs[is_similar]]


def _hashes(thumbnails: Array) -> Array:
    """Bool [N, 56]: whether each part of an 8 x 8 grid is brighter than the one to its left."""
    square = thumbnails[:, :, :16].astype(np.float32)
    grid = square.reshape(len(square), 8, 2, 8, 2).mean(axis=(2, 4))
    is_brighter: Array = np.diff(grid, axis=2) > MIN_BRIGHTER_LEVELS
    return is_brighter.reshape(len(grid), -1)


def _candidates(bits: Array) -> Array:
    """Int [P, 2]: pairs of images whose hashes differ in at most MAX_DIFFERENT_BITS."""
    num_orders = MAX_DIFFERENT_BITS + 1
    found = [np.zeros((0, 2), np.int64)]
    for start in range(num_orders):
        # The bits start, start + 5, start + 10 … are equal in all pairs that differ elsewhere only.
        order = [*range(start, bits.shape[1], num_orders)]
        order += [bit for bit in range(bits.shape[1]) if bit % num_orders != start]
        found.extend(_sorted_neighbours(bits[:, order]))
    pairs: Array = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    return pairs


def _sorted_neighbours(bits: Array) -> Iterable[Array]:
    packed = np.packbits(bits, axis=1)
    numbers = np.zeros((len(packed), 8), np.uint8)
    numbers[:, 8 - packed.shape[1] :] = packed
    hashes = numbers.view(">u8")[:, 0].astype(np.uint64)
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    for distance in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
        different = np.bitwise_count(hashes[:-distance] ^ hashes[distance:])
        (first,) = np.nonzero(different <= MAX_DIFFERENT_BITS)
        yield np.stack([order[first], order[first + distance]], axis=1)


def _correlations(thumbnails: Array, pairs: Array) -> Array:
    flat = thumbnails.reshape(len(thumbnails), -1)
    parts = np.array_split(pairs, len(pairs) // 10_000 + 1)
    return np.concatenate([_correlation(flat[part[:, 0]], flat[part[:, 1]]) for part in parts])


def _correlation(first: Array, second: Array) -> Array:
    a, b = (_normalised(values.astype(np.float32)) for values in (first, second))
    correlation: Array = (a * b).sum(axis=1)
    return correlation


def _normalised(values: Array) -> Array:
    centred = values - values.mean(axis=1, keepdims=True)
    # Images of one shade have no pattern to compare.
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    normalised: Array = centred / np.maximum(norms, 1.0)
    return normalised
