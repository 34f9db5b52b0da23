"""The times of flow matching have the distribution and the shift of SD3 and Flux."""

from pathlib import Path

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from torch import Tensor

from training.diffusion.families.family import load_family

LATENT_SIZE = (8, 12)


def uniform_of(sigmas: Tensor) -> Tensor:
    """The uniform numbers whose logit-normal sigmas, before the shift, are these."""
    uniform: Tensor = torch.special.ndtr(torch.logit(sigmas.double()))
    return uniform


def test_a_fixed_shift_is_that_of_the_scheduler(sd3_folder: Path) -> None:
    family = load_family(sd3_folder)
    scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(sd3_folder / "scheduler")
    sigmas = torch.arange(999, 0, -1) / 1000
    times = family.draw_timesteps(uniform_of(sigmas), LATENT_SIZE)
    # The first of the schedule is 1000, which no number below 1 stands for.
    torch.testing.assert_close(times, scheduler.timesteps[1:], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("latent_size", [(8, 12), (64, 64), (128, 128)])
def test_a_shift_by_the_number_of_tokens_is_that_of_the_pipeline(
    latent_size: tuple[int, int], flux_folder: Path
) -> None:
    family = load_family(flux_folder)
    scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(flux_folder / "scheduler")
    tokens = latent_size[0] * latent_size[1] // 4
    sigmas = torch.arange(999, 0, -1) / 1000
    expected = scheduler.time_shift(calculate_shift(tokens), 1.0, sigmas) * 1000
    times = family.draw_timesteps(uniform_of(sigmas), latent_size)
    torch.testing.assert_close(times, expected, rtol=1e-4, atol=1e-3)


def test_times_before_the_shift_are_logit_normal(sd3_folder: Path) -> None:
    family = load_family(sd3_folder)
    family.noise_scheduler.register_to_config(shift=1.0)
    uniform = (torch.arange(20_000) + 0.5) / 20_000
    logits = torch.logit(family.draw_timesteps(uniform, LATENT_SIZE).double() / 1000)
    assert abs(float(logits.mean())) < 1e-3
    assert float(logits.std()) == pytest.approx(1.0, abs=1e-2)


@pytest.mark.parametrize("name", ["sd3", "flux"])
def test_the_ends_are_times_of_the_schedule(name: str, request: pytest.FixtureRequest) -> None:
    family = load_family(request.getfixturevalue(f"{name}_folder"))
    uniform = torch.tensor([0.0, 1 - 2**-24])
    first, last = family.draw_timesteps(uniform, LATENT_SIZE).tolist()
    assert 0 < first < last <= 1000
    assert family.loss_weights(torch.tensor([first, last]), 5.0).tolist() == [1.0, 1.0]
