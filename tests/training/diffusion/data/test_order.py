"""The images of each step are a pure function of seed and step; nothing is lost over the epochs."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.sampling import Shard
from training.diffusion.data.buckets import Bucket
from training.diffusion.data.order import SampleOrder
from training.errors import DataError

SQUARE, WIDE, TALL = Bucket(512, 512), Bucket(640, 384), Bucket(384, 640)
MIXED = [SQUARE] * 13 + [WIDE] * 6 + [TALL]


def order(
    buckets: list[Bucket] | None = None,
    repeats: list[int] | None = None,
    *,
    batch_size: int = 4,
    accumulation: int = 1,
    rank: int = 0,
    world_size: int = 1,
    seed: int = 0,
) -> SampleOrder:
    buckets = MIXED if buckets is None else buckets
    return SampleOrder(
        buckets=buckets,
        repeats=[1] * len(buckets) if repeats is None else repeats,
        batch_size=batch_size,
        gradient_accumulation=accumulation,
        shard=Shard(rank=rank, world_size=world_size),
        seed=seed,
    )


@given(
    shape=st.sampled_from([(8, 1, 1), (4, 2, 1), (4, 1, 2), (2, 2, 2), (1, 8, 1), (1, 1, 8)]),
    step=st.integers(0, 300),
)
def test_ranks_and_accumulation_do_not_change_the_samples_of_a_step(
    shape: tuple[int, int, int], step: int
) -> None:
    batch_size, accumulation, ranks = shape
    shared = [
        sample
        for rank in range(ranks)
        for batch in order(
            batch_size=batch_size, accumulation=accumulation, rank=rank, world_size=ranks
        ).micro_batches(step)
        for sample in batch
    ]
    _, whole = order(batch_size=8).samples(step)
    assert sorted(shared, key=lambda sample: sample.index) == whole
    assert [sample.index for sample in whole] == list(range(step * 8, step * 8 + 8))


def test_every_step_has_images_of_one_bucket() -> None:
    for step in range(60):
        bucket, samples = order().samples(step)
        assert {MIXED[sample.image] for sample in samples} == {bucket}


def test_no_image_is_lost_because_the_last_batch_is_incomplete() -> None:
    training = order()
    counts: Counter[int] = Counter()
    for step in range(20 * 4):  # 16 epochs of 20 images in steps of 4, which 13 and 6 do not fill
        counts.update(sample.image for sample in training.samples(step)[1])
    assert set(counts) == set(range(20))
    assert set(counts.values()) == {16}


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(1, 9))
def test_buckets_have_steps_in_proportion_to_their_images(
    sizes: list[int], samples_per_step: int
) -> None:
    buckets = [Bucket(64 * (n + 1), 64) for n, size in enumerate(sizes) for _ in range(size)]
    training = order(buckets, batch_size=samples_per_step)
    epochs = 5
    plan = training.plan(epochs)
    assert sum(bucket.total_steps for bucket in plan.buckets) == plan.total_steps
    assert plan.total_steps == epochs * -(-sum(sizes) // samples_per_step)
    drawn = Counter(training.samples(step)[0] for step in range(plan.total_steps))
    seen = {s.image for step in range(plan.total_steps) for s in training.samples(step)[1]}
    assert plan.num_never_seen == len(buckets) - len(seen)
    for bucket in plan.buckets:
        assert drawn[bucket.bucket] == bucket.total_steps
        share = plan.total_steps * bucket.samples_per_epoch / sum(sizes)
        assert share - len(sizes) < bucket.total_steps < share + 1


def test_a_rare_bucket_has_its_first_step_in_the_first_epoch() -> None:
    training = order([SQUARE] * 63 + [TALL])
    first_epoch = [training.samples(step)[0] for step in range(training.steps_per_epoch)]
    assert Counter(first_epoch) == {SQUARE: 15, TALL: 1}


def test_starting_at_a_step_gives_the_same_batches_as_reaching_it() -> None:
    from_start = list(islice(order(accumulation=2).stream(0), 40))
    assert list(islice(order(accumulation=2).stream(7), 33)) == from_start[7:]


def test_epochs_and_seeds_differ() -> None:
    images = [[s.image for s in order().samples(step)[1]] for step in range(10)]
    assert images[:5] != images[5:]
    assert images != [[s.image for s in order(seed=1).samples(step)[1]] for step in range(10)]


def test_one_image_fills_every_step_and_its_samples_differ_in_their_index() -> None:
    training = order([SQUARE], batch_size=4, accumulation=2)
    assert training.steps_per_epoch == 1
    indices = [s.index for step in range(3) for s in training.samples(step)[1]]
    assert indices == list(range(24))
    assert {s.image for s in training.samples(2)[1]} == {0}
    plan = training.plan(10)
    assert (plan.total_steps, plan.num_repeating_buckets, plan.num_never_seen) == (10, 1, 0)


def test_repeated_images_come_as_often_as_they_are_repeated() -> None:
    training = order([SQUARE] * 3, [5, 2, 1], batch_size=4)
    assert training.steps_per_epoch == 2
    counts = Counter(s.image for step in range(2) for s in training.samples(step)[1])
    assert counts == {0: 5, 1: 2, 2: 1}


def test_a_halved_micro_batch_keeps_its_samples() -> None:
    (batch,) = order(batch_size=8).micro_batches(3)
    halves = order(batch_size=4, accumulation=2).micro_batches(3)
    assert halves == [batch[:4], batch[4:]]


def test_images_that_a_short_training_does_not_reach_are_counted() -> None:
    plan = order([SQUARE] * 10 + [WIDE] * 10 + [TALL], batch_size=21).plan(1)
    assert (plan.total_steps, plan.num_never_seen) == (1, 11)


def test_many_images_are_planned() -> None:
    rng = np.random.default_rng(0)
    kinds = [SQUARE, WIDE, TALL]
    training = order([kinds[n] for n in rng.integers(0, 3, 300_000)], batch_size=16)
    assert training.plan(3).num_images == 300_000
    assert len(training.samples(10_000)[1]) == 16


@pytest.mark.parametrize(
    ("buckets", "repeats", "text"),
    [
        ([], [], "no image"),
        ([SQUARE], [0], "at least once"),
        ([SQUARE], [10**9], "Lower the repeats"),
    ],
)
def test_impossible_orders_are_refused(
    buckets: list[Bucket], repeats: list[int], text: str
) -> None:
    with pytest.raises(DataError, match=text):
        order(buckets, repeats)
