"""Lets ranks do parts of slow work, so that none waits long in a collective for the others.

A process group ends a collective that takes longer than its timeout, and encoding a large data set
takes longer. The ranks therefore meet after each short slice of work, whoever has finished.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from training.data.sampling import Shard, shard_indices
from training.errors import TrainingError, first_line
from training.process import Process

logger = logging.getLogger(__name__)

SLICE_S = 20.0
"""The longest wait for another rank is this and one part of its work."""

Item = TypeVar("Item")


def share_of(items: list[Item], process: Process) -> list[Item]:
    """This rank's part of the items; together, the ranks have each item once."""
    shard = Shard(rank=process.rank, world_size=process.world_size)
    return [items[index] for index in shard_indices(len(items), shard)]


def do_together(
    parts: Iterator[int],
    total: int,
    process: Process,
    *,
    what: str,
    slice_s: float = SLICE_S,
    show: Callable[[str], None] = logger.info,
) -> None:
    """Go through this rank's `parts`, each of which says how many of the `total` it has done.

    A collective. `what` names the work in the lines that rank 0 shows once a slice. If the work of any
    rank fails, every rank raises: that one its own error, the others a TrainingError with its message.
    """
    work = _Work(parts)
    while True:
        work.go_on_until(time.monotonic() + slice_s)
        state = torch.tensor(
            [work.num_done, work.is_over, work.error is not None],
            dtype=torch.float64,
            device=process.device,
        )
        num_done, num_over, num_failed = (process.mean(state) * process.world_size).round().tolist()
        if num_failed:
            _raise(work.error, process)
        if process.is_main:
            show(f"{what}: {int(num_done):,} of {total:,}")
        if num_over == process.world_size:
            return


class _Work:
    def __init__(self, parts: Iterator[int]) -> None:
        self._parts = parts
        self.num_done = 0
        self.is_over = False
        self.error: Exception | None = None

    def go_on_until(self, end: float) -> None:
        """Do at least one part."""
        try:
            while not self.is_over:
                done = next(self._parts, None)
                self.is_over = done is None
                self.num_done += done or 0
                if time.monotonic() >= end:
                    return
        except Exception as error:  # noqa: BLE001, the other ranks wait for this one in a collective
            self.error, self.is_over = error, True


def _raise(error: Exception | None, process: Process) -> None:
    messages = process.gather(None if error is None else first_line(error))
    message = process.broadcast(next((text for text in messages if text), ""))
    if error is not None:
        raise error
    raise TrainingError(message)
