"""Chooses the images of each optimizer step, as a pure function of the seed and the step.

All samples of a step are of one bucket, so that every micro-batch is, on however many ranks and in
however many parts the step is computed. The rules:

- Each bucket goes through its images, each as often as it is repeated, in an order drawn anew for each
  pass. Its next step continues where the last one ended, across passes: no image is dropped because
  the last batch is incomplete.
- A bucket has steps in proportion to its samples; its first one comes as early as there is room, so
  that rare buckets are not left for the end (Adams' method of apportionment). No bucket is ever a
  whole step ahead of its share but for its first.
- An epoch has as many steps as its samples need, rounded up.
- A bucket with fewer samples than a step repeats them in it, with other noise and another timestep.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from training.data.sampling import Shard
from training.diffusion.data.buckets import Bucket
from training.diffusion.data.passes import ShuffledPasses
from training.errors import DataError

MAX_SAMPLES = 50_000_000
"""Of an epoch, with repeats; the order of their steps is held in memory."""

_PASS, _EPOCH = 1, 2
"""Tell the random orders of passes and of epochs apart."""

Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One image in one step. `index` is the global one, by which its random numbers are drawn."""

    index: int
    image: int
    """Its number in the data set."""
    turn: int
    """How many samples of the same bucket came before it in the training."""


@dataclass(frozen=True, kw_only=True)
class BucketPlan:
    """What one bucket contributes."""

    bucket: Bucket
    num_images: int
    samples_per_epoch: int
    """Its images with their repeats; an epoch draws as many of them on average."""
    total_steps: int
    num_never_seen: int
    """Images that the whole training does not reach."""


@dataclass(frozen=True, kw_only=True)
class StepPlan:
    """The steps of a training in numbers."""

    num_images: int
    samples_per_epoch: int
    """Images with their repeats."""
    samples_per_step: int
    steps_per_epoch: int
    total_steps: int
    buckets: tuple[BucketPlan, ...]

    @property
    def num_never_seen(self) -> int:
        return sum(bucket.num_never_seen for bucket in self.buckets)

    @property
    def num_repeating_buckets(self) -> int:
        """Buckets with fewer samples than a step, which therefore repeat images in one step."""
        return sum(bucket.samples_per_epoch < self.samples_per_step for bucket in self.buckets)


class SampleOrder:
    """The samples of every step, and this rank's micro-batches of them.

    `buckets` and `repeats` are those of each image of the data set. Raises DataError if there is no
    image, or more than MAX_SAMPLES samples.
    """

    def __init__(
        self,
        *,
        buckets: Sequence[Bucket],
        repeats: Sequence[int],
        batch_size: int,
        gradient_accumulation: int,
        shard: Shard,
        seed: int,
    ) -> None:
        self.samples_per_step = batch_size * gradient_accumulation * shard.world_size
        self._num_samples = _checked_total(repeats)
        self.steps_per_epoch = -(-self._num_samples // self.samples_per_step)
        self._images = _images_by_bucket(buckets)
        self._passes = {
            bucket: ShuffledPasses(
                np.repeat(images, [repeats[image] for image in images]),
                (seed, _PASS, bucket.width, bucket.height),
            )
            for bucket, images in self._images.items()
        }
        self._steps = _StepSequence([len(passes) for passes in self._passes.values()])
        self._shape = (gradient_accumulation, shard.world_size, batch_size)
        self._rank = shard.rank
        self._seed = seed
        self._epoch_order = lru_cache(maxsize=2)(self._draw_epoch)

    def samples(self, step: int) -> tuple[Bucket, list[Sample]]:
        """All samples of the step that follows `step` finished ones, and their bucket."""
        epoch, position = divmod(step, self.steps_per_epoch)
        place = epoch * self.steps_per_epoch + int(self._epoch_order(epoch)[position])
        number, turn = self._steps.at(place)
        bucket = list(self._passes)[number]
        first, start = step * self.samples_per_step, turn * self.samples_per_step
        images = self._passes[bucket].take(start, self.samples_per_step)
        return bucket, [
            Sample(first + offset, int(image), start + offset)
            for offset, image in enumerate(images)
        ]

    def micro_batches(self, step: int) -> list[list[Sample]]:
        """This rank's samples of the step, in its micro-batches.

        A part of a micro-batch, as when it is halved for memory, keeps its samples and their indices.
        """
        _, samples = self.samples(step)
        positions = np.arange(self.samples_per_step).reshape(self._shape)
        return [[samples[at] for at in block[self._rank]] for block in positions]

    def stream(self, first_step: int) -> Iterator[list[list[Sample]]]:
        """The micro-batches of `first_step` and of all later steps, without end."""
        step = first_step
        while True:
            yield self.micro_batches(step)
            step += 1

    def plan(self, epochs: int) -> StepPlan:
        """The steps of a training of so many epochs."""
        total_steps = epochs * self.steps_per_epoch
        counts = self._steps.counts(total_steps)
        return StepPlan(
            num_images=sum(len(images) for images in self._images.values()),
            samples_per_epoch=self._num_samples,
            samples_per_step=self.samples_per_step,
            steps_per_epoch=self.steps_per_epoch,
            total_steps=total_steps,
            buckets=tuple(
                self._bucket_plan(bucket, count)
                for bucket, count in zip(self._passes, counts, strict=True)
            ),
        )

    def _bucket_plan(self, bucket: Bucket, num_steps: int) -> BucketPlan:
        passes, num_images = self._passes[bucket], len(self._images[bucket])
        drawn = min(len(passes), num_steps * self.samples_per_step)
        num_seen = len(np.unique(passes.take(0, drawn))) if drawn else 0
        return BucketPlan(
            bucket=bucket,
            num_images=num_images,
            samples_per_epoch=len(passes),
            total_steps=num_steps,
            num_never_seen=num_images - num_seen,
        )

    def _draw_epoch(self, epoch: int) -> Numbers:
        generator = np.random.default_rng([self._seed, _EPOCH, epoch])
        return generator.permutation(self.steps_per_epoch)


class _StepSequence:
    """Which bucket has each step, and how many it had before, for buckets of so many samples.

    The j-th step of a bucket with n samples stands at j / n; sorted by this, the steps of all buckets
    are in proportion at every point of the sequence, and the sequence repeats itself.
    """

    def __init__(self, num_samples: Sequence[int]) -> None:
        sizes = np.asarray(num_samples, dtype=np.int64)
        self._sizes = sizes // np.gcd.reduce(sizes)
        owners = np.repeat(np.arange(len(sizes), dtype=np.int32), self._sizes)
        turns = np.concatenate([np.arange(size) for size in self._sizes])
        # Among buckets whose steps stand at the same place, larger ones come first.
        order = np.lexsort((owners, -self._sizes[owners], turns / self._sizes[owners]))
        self._owners, self._turns = owners[order], turns[order]

    def at(self, place: int) -> tuple[int, int]:
        """The bucket at a place of the sequence, and its number of steps before it."""
        repetition, offset = divmod(place, len(self._owners))
        owner = int(self._owners[offset])
        return owner, repetition * int(self._sizes[owner]) + int(self._turns[offset])

    def counts(self, length: int) -> list[int]:
        """The steps of each bucket among the first `length`."""
        repetitions, rest = divmod(length, len(self._owners))
        counted = np.bincount(self._owners[:rest], minlength=len(self._sizes))
        return [int(count) for count in repetitions * self._sizes + counted]


def _images_by_bucket(buckets: Sequence[Bucket]) -> dict[Bucket, list[int]]:
    found: dict[Bucket, list[int]] = {bucket: [] for bucket in sorted(set(buckets))}
    for image, bucket in enumerate(buckets):
        found[bucket].append(image)
    return found


def _checked_total(repeats: Sequence[int]) -> int:
    if not repeats:
        raise DataError("There is no image to train on.")
    if min(repeats) < 1:
        raise DataError(f"Each image is used at least once, but {min(repeats)} repeats came.")
    total = sum(repeats)
    if total > MAX_SAMPLES:
        raise DataError(
            f"An epoch has {total:,} samples with the repeats, and at most {MAX_SAMPLES:,} are "
            "possible. Lower the repeats and train more epochs."
        )
    return total
