"""The order of training samples is complete, repeatable, and the same for any number of ranks."""

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.sampling import Shard, TrainingOrder, shard_indices
from training.errors import DataError


def order(
    *,
    num_samples: int = 50,
    batch_size: int = 4,
    accumulation: int = 1,
    rank: int = 0,
    world_size: int = 1,
    seed: int = 0,
    weights: list[float] | None = None,
) -> TrainingOrder:
    return TrainingOrder(
        num_samples=num_samples,
        batch_size=batch_size,
        gradient_accumulation=accumulation,
        shard=Shard(rank=rank, world_size=world_size),
        seed=seed,
        weights=weights,
    )


@given(
    ranks=st.integers(1, 4),
    batch_size=st.integers(1, 5),
    accumulation=st.integers(1, 3),
    step=st.integers(0, 200),
)
def test_all_ranks_of_a_step_together_have_the_samples_of_one_rank_with_the_whole_batch(
    ranks: int, batch_size: int, accumulation: int, step: int
) -> None:
    shared = [
        order(
            num_samples=97,
            batch_size=batch_size,
            accumulation=accumulation,
            rank=rank,
            world_size=ranks,
        ).micro_batches(step)
        for rank in range(ranks)
    ]
    whole = order(num_samples=97, batch_size=batch_size * accumulation * ranks)
    indices = [index for parts in shared for part in parts for index in part]
    assert Counter(indices) == Counter(whole.micro_batches(step)[0])


def test_an_epoch_has_each_sample_at_most_once_and_epochs_differ() -> None:
    training = order()
    epochs = [
        [i for step in range(start, start + 12) for i in training.micro_batches(step)[0]]
        for start in (0, 12)
    ]
    assert training.steps_per_epoch == 12
    assert all(len(set(epoch)) == 48 for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_starting_at_a_step_gives_the_same_batches_as_reaching_it() -> None:
    from_start = list(islice(order(accumulation=2).stream(0), 40))
    assert list(islice(order(accumulation=2).stream(7), 26)) == from_start[14:]


def test_different_seeds_give_different_orders() -> None:
    assert order(seed=1).micro_batches(0) != order(seed=2).micro_batches(0)


def test_weights_balance_a_rare_class() -> None:
    weights = [1.0] * 90 + [9.0] * 10
    training = order(num_samples=100, batch_size=10, weights=weights)
    drawn = [i for step in range(200) for i in training.micro_batches(step)[0]]
    rare_fraction = sum(index >= 90 for index in drawn) / len(drawn)
    assert 0.45 < rare_fraction < 0.55


def test_fewer_samples_than_one_step_are_refused_with_the_calculation() -> None:
    with pytest.raises(DataError, match=r"has 10 samples, fewer than one step of 16"):
        order(num_samples=10, batch_size=4, accumulation=2, rank=1, world_size=2)


@given(num_samples=st.integers(0, 60), ranks=st.integers(1, 7))
def test_a_shard_puts_every_sample_on_exactly_one_rank(num_samples: int, ranks: int) -> None:
    shards = [
        shard_indices(num_samples, Shard(rank=rank, world_size=ranks)) for rank in range(ranks)
    ]
    assert sorted(index for shard in shards for index in shard) == list(range(num_samples))
