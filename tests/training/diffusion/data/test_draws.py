"""The random numbers of a sample depend on the seed, the sample and the purpose, and on nothing else."""

import numpy as np
import pytest
import torch

from training.diffusion.data.draws import (
    QUANTILES,
    Purpose,
    SampleDraws,
    Stream,
    ValidationDraws,
)

SHAPE = (4, 8, 8)


def test_a_sample_draws_the_same_in_any_company_and_order() -> None:
    whole = SampleDraws(7).normal([3, 4, 5, 6], SHAPE)
    draws = SampleDraws(7)
    draws.normal([99], SHAPE)
    halves = torch.cat([draws.normal([5, 6], SHAPE), draws.normal([3, 4], SHAPE)])
    assert torch.equal(halves[[2, 3, 0, 1]], whole)
    assert torch.equal(draws.timesteps([4]), SampleDraws(7).timesteps([3, 4])[1:])


def test_numbers_differ_between_seeds_samples_purposes_and_streams() -> None:
    seen = {
        SampleDraws(seed, stream).generator(sample, purpose).random()
        for seed in (0, 1, 2**32 - 1)
        for sample in (0, 1, 2**40)
        for purpose in Purpose
        for stream in Stream
    }
    assert len(seen) == 3 * 3 * len(Purpose) * len(Stream)


def test_the_numbers_of_a_key_are_the_same_in_every_version() -> None:
    """Resumes across versions of this program depend on them."""
    draws = SampleDraws(1)
    assert draws.timesteps([0, 1]).tolist() == [0.0751511510959112, 0.09310486978821897]
    assert draws.normal([5], (2,))[0].tolist() == [-1.2848005294799805, -0.9573336243629456]


def test_noise_is_standard_normal_and_timesteps_are_uniform() -> None:
    draws = SampleDraws(0)
    noise = draws.normal(range(500), (16,))
    assert noise.dtype == torch.float32
    assert abs(float(noise.mean())) < 0.05
    assert abs(float(noise.std()) - 1) < 0.05
    times = draws.timesteps(range(2000))
    assert float(times.min()) >= 0
    assert float(times.max()) < 1
    counts = np.histogram(times.numpy(), bins=10, range=(0, 1))[0]
    assert counts.min() > 150


def test_flips_and_dropped_captions_come_with_their_probability() -> None:
    draws = SampleDraws(0)
    assert sum(draws.is_flipped(n, 0.5) for n in range(1000)) == pytest.approx(500, abs=60)
    assert sum(draws.is_caption_dropped(n, 0.1) for n in range(1000)) == pytest.approx(100, abs=35)
    assert not any(draws.is_flipped(n, 0) for n in range(50))
    assert all(draws.is_caption_dropped(n, 1) for n in range(50))


def test_shuffled_captions_keep_their_tags_and_the_first_ones_in_place() -> None:
    draws = SampleDraws(0)
    caption = "fundus, left eye, drusen,  mild,haemorrhage"
    found = {draws.shuffled(n, caption, keep_tags=2) for n in range(60)}
    assert len(found) == 6
    for text in found:
        assert text.startswith("fundus, left eye, ")
        assert sorted(text.split(", ")) == sorted(tag.strip() for tag in caption.split(","))
    assert draws.shuffled(0, caption, keep_tags=9) == caption
    assert draws.shuffled(0, "one sentence") == "one sentence"


def test_crops_are_two_shares() -> None:
    left, top = SampleDraws(3).crop(12)
    assert 0 <= left < 1
    assert 0 <= top < 1
    assert left != top


def test_validations_draw_the_same_noise_whatever_the_training_drew() -> None:
    draws = ValidationDraws()
    assert draws.timesteps().tolist() == list(QUANTILES)
    assert len(QUANTILES) == 9
    noise = draws.noise([0, 1], 4, SHAPE)
    assert torch.equal(noise, ValidationDraws().noise([0, 1], 4, SHAPE))
    assert not torch.equal(noise, draws.noise([0, 1], 5, SHAPE))
    assert not torch.equal(noise, SampleDraws(0).normal([4, 13], SHAPE))
    with pytest.raises(ValueError, match="quantile from 0 to 8"):
        draws.noise([0], 9, SHAPE)
