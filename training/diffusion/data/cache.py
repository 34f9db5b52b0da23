"""Fills the cache with latents or embeddings before the training, each rank with its part."""

import logging
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

from training.diffusion.data.shared_work import do_together, share_of
from training.diffusion.data.tensor_cache import TensorCache, Tensors
from training.process import Process

logger = logging.getLogger(__name__)

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Entry(Generic[Item]):
    """What to compute, and the key of its result; entries of one `shape` are computed together."""

    key: str
    item: Item
    shape: Hashable = None


Encode = Callable[[Sequence[Item]], Sequence[Tensors]]
"""Computes the tensors of each of some items of one shape."""


def fill_cache(
    cache: TensorCache,
    entries: Sequence[Entry[Item]],
    encode: Encode[Item],
    process: Process,
    *,
    what: str,
    batch_size: int = 8,
    **pace: Any,
) -> int:
    """Compute the entries that are missing or damaged; returns how many, over all ranks.

    A collective; `pace` are options of `do_together`. Ranks of other machines may have other folders:
    what a rank still misses after the first turn, it computes itself. Raises CacheFullError or another
    DataError on all ranks.
    """
    unique = list({entry.key: entry for entry in entries}.values())
    # Each rank counts what is there before any writes; one that cannot must not leave the others waiting.
    do_together(_opening(cache, process), 0, process, what=what, show=_show_nothing)
    filling = _Filling(cache, encode, batch_size, process.world_size)
    mine = sorted(share_of(unique, process), key=lambda entry: (repr(entry.shape), entry.key))
    do_together(filling.missing(mine), len(unique), process, what=f"{what} checked", **pace)
    num_missing = _total(len(filling.found), process)
    if num_missing:
        todo, filling.found = filling.found, []
        do_together(filling.encoded(todo), num_missing, process, what=f"{what} encoded", **pace)
    elsewhere = [entry for entry in unique if not cache.has(entry.key)]
    if num_elsewhere := _total(len(elsewhere), process):
        # Ranks of one machine begin at different places, so that they help each other.
        start = len(elsewhere) * process.rank // process.world_size
        rotated = elsewhere[start:] + elsewhere[:start]
        do_together(
            filling.encoded(rotated),
            num_elsewhere,
            process,
            what=f"{what} of other machines",
            **pace,
        )
    return num_missing


def _opening(cache: TensorCache, process: Process) -> Iterator[int]:
    cache.open()
    if process.local_rank == 0:
        cache.remove_partial()
    yield 0


def _show_nothing(_line: str) -> None: ...


def _total(number: int, process: Process) -> int:
    return int(process.broadcast(sum(process.gather(number))))


class _Filling(Generic[Item]):
    def __init__(
        self, cache: TensorCache, encode: Encode[Item], batch_size: int, world_size: int
    ) -> None:
        self._cache = cache
        self._encode = encode
        self._batch_size = batch_size
        self._world_size = world_size
        self.found: list[Entry[Item]] = []

    def missing(self, entries: Sequence[Entry[Item]]) -> Iterator[int]:
        """Note the entries that are missing or damaged, one at a time."""
        for entry in entries:
            if not self._cache.is_intact(entry.key):
                self.found.append(entry)
            yield 1

    def encoded(self, entries: Sequence[Entry[Item]]) -> Iterator[int]:
        """Compute the entries, a batch at a time, if they have not appeared meanwhile."""
        num_left = len(entries)
        for _, group in groupby(entries, key=lambda entry: entry.shape):
            same = list(group)
            for start in range(0, len(same), self._batch_size):
                batch = same[start : start + self._batch_size]
                yield self._store(batch, num_left)
                num_left -= len(batch)

    def _store(self, batch: Sequence[Entry[Item]], num_left: int) -> int:
        todo = [entry for entry in batch if not self._cache.is_intact(entry.key)]
        results = self._encode([entry.item for entry in todo]) if todo else ()
        for entry, tensors in zip(todo, results, strict=True):
            size = self._cache.put(entry.key, tensors)
            num_left -= 1
            # The other ranks have about as much to write. It is better to say so now than in an hour.
            self._cache.require_room(size * num_left * self._world_size)
        return len(batch)
