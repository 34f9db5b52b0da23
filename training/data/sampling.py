"""Assigns samples to ranks and optimizer steps, as a pure function of the seed and the step.

A resume needs no stored state: step 1,234 has the same samples whether training reaches it or
starts there. Together, the N ranks of a step see the samples that one rank would see with N times
the batch size.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from training.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Identifies one rank's part of the samples."""

    rank: int
    world_size: int


class TrainingOrder:
    """Micro-batches of shuffled indices into the training split.

    The incomplete last step of each epoch is dropped. `weights` are the relative probabilities of
    the samples, which are then drawn with replacement.
    """

    def __init__(
        self,
        *,
        num_samples: int,
        batch_size: int,
        gradient_accumulation: int,
        shard: Shard,
        seed: int,
        weights: Sequence[float] | None = None,
    ) -> None:
        self.samples_per_step = batch_size * gradient_accumulation * shard.world_size
        self.steps_per_epoch = num_samples // self.samples_per_step
        if self.steps_per_epoch == 0:
            raise DataError(
                f"The training split has {num_samples} samples, fewer than one step of "
                f"{self.samples_per_step} (batch_size {batch_size} x gradient_accumulation "
                f"{gradient_accumulation} x {shard.world_size} ranks). Lower batch_size."
            )
        self._num_samples = num_samples
        self._batch_size = batch_size
        self._gradient_accumulation = gradient_accumulation
        self._shard = shard
        self._seed = seed
        self._weights = None if weights is None else np.asarray(weights, dtype=np.float64)
        self._epoch_order = lru_cache(maxsize=1)(self._draw_epoch)

    def micro_batches(self, step: int) -> list[list[int]]:
        """This rank's indices for the optimizer step that follows `step` completed steps."""
        epoch, position = divmod(step, self.steps_per_epoch)
        start = position * self.samples_per_step
        indices = self._epoch_order(epoch)[start : start + self.samples_per_step]
        blocks = indices.reshape(
            self._gradient_accumulation, self._shard.world_size, self._batch_size
        )
        return [[int(index) for index in block[self._shard.rank]] for block in blocks]

    def stream(self, first_step: int) -> Iterator[list[int]]:
        """Yield the micro-batches of `first_step` and all later steps, endlessly."""
        step = first_step
        while True:
            yield from self.micro_batches(step)
            step += 1

    def _draw_epoch(self, epoch: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        generator = np.random.default_rng([self._seed, epoch])
        if self._weights is None:
            return generator.permutation(self._num_samples)
        probabilities = self._weights / self._weights.sum()
        return generator.choice(self._num_samples, size=self._num_samples, p=probabilities)


def shard_indices(num_samples: int, shard: Shard) -> list[int]:
    """Indices of this rank's samples; every sample is on exactly one rank, without padding."""
    return list(range(shard.rank, num_samples, shard.world_size))
