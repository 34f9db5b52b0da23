"""Goes through the same items again and again, each time in another order, from any position."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


class ShuffledPasses:
    """An endless sequence of whole passes over `items`; `key` decides their orders.

    Its n-th item is a pure function of the key and n.
    """

    def __init__(self, items: Sequence[int] | np.ndarray[Any, Any], key: Sequence[int]) -> None:
        self._items: Numbers = np.asarray(items, dtype=np.int64)
        self._key = tuple(key)
        self._pass = lru_cache(maxsize=2)(self._draw_pass)

    def __len__(self) -> int:
        """Items of one pass."""
        return len(self._items)

    def take(self, start: int, count: int) -> Numbers:
        """`count` items from position `start` on."""
        length, end = len(self._items), start + count
        return np.concatenate(
            [
                self._pass(number)[max(0, start - number * length) : end - number * length]
                for number in range(start // length, (end - 1) // length + 1)
            ]
        )

    def _draw_pass(self, number: int) -> Numbers:
        generator = np.random.default_rng([*self._key, number])
        return generator.permutation(self._items)
