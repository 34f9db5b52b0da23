"""Holds images out of the training, for its validation and the check for memorised images."""

import hashlib
from collections.abc import Hashable, Sequence
from itertools import pairwise

from training.diffusion.data.scan import ScannedData
from training.errors import DataError


def held_out_images(
    data: ScannedData, share: float, seed: int, patients: Sequence[Hashable] | None = None
) -> frozenset[int]:
    """Numbers of about `share` of the images, never of one patient on both sides, nor of copies.

    Images that look almost the same stay together too. `patients` has one entry for each image. A
    group is chosen by the content of its images, so that other images hardly change the choice. Raises
    DataError if nothing would be left on one of the sides.
    """
    if share <= 0:
        return frozenset()
    groups = _groups(data, patients)
    wanted = max(1, round(share * len(data.images)))
    chosen: set[int] = set()
    for group in sorted(groups, key=lambda group: _rank(data, group, seed)):
        if len(chosen) >= wanted:
            break
        # A large group that would hold out twice as much as wanted is passed over.
        if len(chosen) + len(group) <= max(2 * wanted, 1):
            chosen |= set(group)
    if not chosen or len(chosen) == len(data.images):
        raise DataError(
            f"A share of {share:g} of {len(data.images)} images cannot be held out: images of one "
            "patient, and those that look almost the same, stay together. Add images, or hold none out."
        )
    return frozenset(chosen)


def _groups(data: ScannedData, patients: Sequence[Hashable] | None) -> list[list[int]]:
    """The images that stay together."""
    first: dict[Hashable, int] = {}
    links = [pair for group in data.groups for pair in pairwise(group)]
    links += data.similar
    for number, patient in enumerate(patients or ()):
        links.append((first.setdefault(patient, number), number))
    parents = list(range(len(data.images)))
    for one, other in links:
        parents[_root(parents, one)] = _root(parents, other)
    groups: dict[int, list[int]] = {}
    for number in range(len(parents)):
        groups.setdefault(_root(parents, number), []).append(number)
    return list(groups.values())


def _root(parents: list[int], number: int) -> int:
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def _rank(data: ScannedData, group: Sequence[int], seed: int) -> bytes:
    digests = sorted(data.images[number].facts.file_digest for number in group)
    return hashlib.sha256(str(seed).encode() + b"".join(digests)).digest()
