"""Images are those of diffusers' own pipelines, whatever the batch."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DiffusionPipeline, FluxPipeline
from torch import Tensor, nn

from training.diffusion.families.family import Family, load_family
from training.diffusion.families.sampling import (
    Image,
    SampleSettings,
    SamplingError,
    initial_noise,
    sample,
)
from training.errors import ConfigError

PROMPTS = ("a photo of the retina", "red")
SEEDS = (3, 4)
SETTINGS = SampleSettings(width=24, height=16, steps=4, guidance=4.0)
ROUNDING = 0.5 / 255 + 1e-5
"""How far a number of uint8 may be from the exact value."""


def plain_images(family: Family, settings: SampleSettings, **options: Any) -> Image:
    """The images of diffusers' pipeline with the same latents, from 0 to 1."""
    pipeline = DiffusionPipeline.from_pretrained(family.folder)
    pipeline.set_progress_bar_config(disable=True)
    if family.has_snr:
        config = pipeline.scheduler.config
        pipeline.scheduler = DDIMScheduler.from_config(config, clip_sample=False)
    latents = torch.cat([initial_noise(family, seed, settings) for seed in SEEDS])
    if family.name == "flux":
        latents = FluxPipeline._pack_latents(latents, *latents.shape)
    images: Image = pipeline(
        list(PROMPTS),
        width=settings.width,
        height=settings.height,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance,
        latents=latents,
        output_type="np",
        **options,
    ).images
    return images


def draw(family: Family, prompts: Sequence[str] = PROMPTS, **options: Any) -> Image:
    return sample(family, family.denoiser, prompts, SEEDS[: len(prompts)], SETTINGS, **options)


def test_images_are_those_of_the_plain_pipeline(any_family: Family) -> None:
    ours, plain = draw(any_family), plain_images(any_family, SETTINGS)
    assert ours.dtype == np.uint8
    assert ours.shape == (2, 16, 24, 3)
    assert np.abs(ours / 255 - plain).max() < ROUNDING
    # The prompts matter, or equal images would show nothing about their embeddings.
    assert np.abs(ours[0].astype(int) - ours[1]).mean() > 5


@pytest.mark.parametrize("name", ["sd15", "sdxl", "sd3"])
def test_negative_prompts_are_those_of_the_plain_pipeline(
    name: str, request: pytest.FixtureRequest
) -> None:
    family = load_family(request.getfixturevalue(f"{name}_folder"))
    negative = ["the fundus", "of"]
    plain = plain_images(family, SETTINGS, negative_prompt=negative)
    ours = draw(family, negative=negative)
    assert np.abs(ours / 255 - plain).max() < ROUNDING
    assert not np.array_equal(ours, draw(family))


def test_an_image_does_not_depend_on_the_others(any_family: Family) -> None:
    together = draw(any_family)
    alone = draw(any_family, PROMPTS[:1])
    assert np.abs(together[0].astype(int) - alone[0]).max() <= 1
    assert np.array_equal(draw(any_family, batch_size=1)[0], alone[0])


def test_embeddings_give_the_images_of_their_prompts(any_family: Family) -> None:
    embedding = any_family.encode_prompts(PROMPTS)
    images = sample(any_family, any_family.denoiser, embedding, SEEDS, SETTINGS)
    assert np.array_equal(images, draw(any_family))


def test_global_random_numbers_are_left_alone(any_family: Family) -> None:
    torch.manual_seed(5)
    expected = torch.random.get_rng_state()
    draw(any_family)
    assert torch.equal(torch.random.get_rng_state(), expected)


def test_the_denoiser_comes_back_as_it_was(sd15_folder: Path) -> None:
    family = load_family(sd15_folder)
    family.denoiser.train()
    frozen = family.denoiser.conv_in
    assert isinstance(frozen, nn.Module)
    frozen.eval()
    draw(family)
    assert family.denoiser.training
    assert not frozen.training


def test_without_guidance_no_second_prompt_is_read(sd15_folder: Path) -> None:
    family = load_family(sd15_folder)
    settings = SampleSettings(width=16, height=16, steps=2, guidance=1.0)
    ours = sample(family, family.denoiser, PROMPTS, SEEDS, settings, negative=["x", "y"])
    assert np.array_equal(ours, sample(family, family.denoiser, PROMPTS, SEEDS, settings))


def test_a_passed_deadline_ends_the_drawing(any_family: Family) -> None:
    with pytest.raises(SamplingError, match="0 of 4 steps were done"):
        draw(any_family, deadline=time.monotonic())


def test_a_diverged_denoiser_is_named(sd15_folder: Path) -> None:
    family = load_family(sd15_folder)

    class Diverged(nn.Module):
        def forward(self, noisy: Tensor, *_: object, **__: object) -> tuple[Tensor]:
            return (noisy * float("nan"),)

    with pytest.raises(SamplingError, match="the training has diverged"):
        sample(family, Diverged(), PROMPTS, SEEDS, SETTINGS)


def test_flux_with_guidance_as_an_input_takes_no_negative_prompt(flux_folder: Path) -> None:
    family = load_family(flux_folder)
    with pytest.raises(ConfigError, match="leave it out"):
        draw(family, negative=["x", "y"])


WRONG: Mapping[str, tuple[dict[str, Any], Sequence[int], str]] = {
    "width": ({"width": 15}, SEEDS, "multiples of 4"),
    "height": ({"height": 0}, SEEDS, "multiples of 4"),
    "steps": ({"steps": 0}, SEEDS, "steps: 0 is out of range"),
    "guidance": ({"guidance": float("nan")}, SEEDS, "guidance: nan is out of range"),
    "number of seeds": ({}, [1], "there are 1 for 2 prompts"),
    "negative seed": ({}, [1, -1], "expected numbers from 0"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings_are_named(wrong: str, sd15_folder: Path) -> None:
    changed, seeds, sentence = WRONG[wrong]
    family = load_family(sd15_folder)
    valid: dict[str, Any] = {"width": 16, "height": 16, "steps": 2, "guidance": 2.0}
    settings = SampleSettings(**(valid | changed))
    with pytest.raises(ConfigError, match=sentence):
        sample(family, family.denoiser, PROMPTS, seeds, settings)


def test_sd3_names_its_largest_image(sd3_folder: Path) -> None:
    family = load_family(sd3_folder)
    with pytest.raises(ConfigError, match="at most 64"):
        family.latent_shape(68, 16)
