"""Each training sample has a class image of its bucket, the same however the step is computed."""

from collections import Counter

import pytest

from training.data.sampling import Shard
from training.diffusion.data.buckets import Bucket
from training.diffusion.data.order import SampleOrder
from training.diffusion.data.prior import PriorPairs
from training.errors import DataError

SQUARE, WIDE = Bucket(512, 512), Bucket(640, 384)


def partners(batch_size: int, accumulation: int, num_steps: int = 12) -> dict[int, int]:
    order = SampleOrder(
        buckets=[SQUARE] * 5 + [WIDE] * 3,
        repeats=[1] * 8,
        batch_size=batch_size,
        gradient_accumulation=accumulation,
        shard=Shard(rank=0, world_size=1),
        seed=0,
    )
    pairs = PriorPairs([SQUARE] * 4 + [Bucket(384, 640)] * 2, seed=0)
    found = {}
    for step in range(num_steps):
        bucket, _ = order.samples(step)
        for batch in order.micro_batches(step):
            found.update({sample.index: pairs.partner(bucket, sample) for sample in batch})
    return found


def test_partners_do_not_depend_on_the_micro_batches() -> None:
    assert partners(4, 1) == partners(2, 2) == partners(1, 4)


def test_partners_are_of_the_same_bucket_where_there_are_any_and_are_used_evenly() -> None:
    order = SampleOrder(
        buckets=[SQUARE, WIDE],
        repeats=[1, 1],
        batch_size=4,
        gradient_accumulation=1,
        shard=Shard(rank=0, world_size=1),
        seed=0,
    )
    pairs = PriorPairs([SQUARE] * 4 + [Bucket(384, 640)] * 2, seed=0)
    found: dict[Bucket, Counter[int]] = {SQUARE: Counter(), WIDE: Counter()}
    for step in range(12):
        bucket, samples = order.samples(step)
        found[bucket].update(pairs.partner(bucket, sample) for sample in samples)
    assert found[SQUARE] == dict.fromkeys(range(4), 6)
    assert found[WIDE] == dict.fromkeys(range(6), 4)
    assert pairs.num_in_other_buckets([SQUARE, WIDE, WIDE]) == 2


def test_a_class_without_images_is_refused() -> None:
    with pytest.raises(DataError, match="no image of the class"):
        PriorPairs([], seed=0)
