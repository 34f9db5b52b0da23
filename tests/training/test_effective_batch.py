"""A run that continues on another number of ranks keeps the samples of a step."""

import pytest

from training.config import LoopConfig
from training.effective_batch import keep_effective_batch
from training.errors import ConfigError


@pytest.mark.parametrize(
    ("batch_size", "accumulation", "began_with", "now", "expected"),
    [
        (4, 1, 1, 1, (4, 1)),
        (2, 3, 2, 2, (2, 3)),
        (2, 1, 1, 2, (1, 1)),
        (4, 1, 2, 1, (4, 2)),
        (2, 1, 3, 2, (1, 3)),
        (4, 1, 3, 2, (3, 2)),
        (32, 2, 8, 4, (32, 4)),
        (8, 1, 1, 4, (2, 1)),
    ],
)
def test_the_ranks_share_the_samples_of_a_step_in_micro_batches_that_fit(
    batch_size: int, accumulation: int, began_with: int, now: int, expected: tuple[int, int]
) -> None:
    config = LoopConfig(batch_size=batch_size, gradient_accumulation=accumulation)
    samples_per_step = batch_size * accumulation * began_with
    kept = keep_effective_batch(config, samples_per_step, now)
    assert (kept.batch_size, kept.gradient_accumulation) == expected
    assert kept.batch_size * kept.gradient_accumulation * now == samples_per_step


@pytest.mark.parametrize(("samples_per_step", "ranks"), [(6, 4), (2, 3), (1, 2)])
def test_ranks_that_cannot_share_a_step_equally_are_refused_with_those_that_can(
    samples_per_step: int, ranks: int
) -> None:
    config = LoopConfig(batch_size=samples_per_step)
    with pytest.raises(ConfigError, match=f"{ranks} ranks cannot share equally. Resume it on") as e:
        keep_effective_batch(config, samples_per_step, ranks)
    assert "--workers" in str(e.value)


def test_the_numbers_of_ranks_are_named() -> None:
    with pytest.raises(ConfigError, match="on 1, 2, 3 or 6 ranks"):
        keep_effective_batch(LoopConfig(batch_size=6), 6, 4)
