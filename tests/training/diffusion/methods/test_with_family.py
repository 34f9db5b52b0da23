from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.diffusion.attached import PROMPT, SIZE, randomise
from tests.training.diffusion.tiny_pipelines import WRITERS
from training.diffusion.families.family import Family, SampleSize, load_family
from training.diffusion.families.sampling import SampleSettings, sample
from training.diffusion.methods.components import Components
from training.diffusion.methods.options import MethodOptions, Placeholder, Target
from training.diffusion.methods.registry import attach
from training.diffusion.methods.textual_inversion import TextualInversionPart
from training.diffusion.methods.trained_part import TrainedPart

Folder = Callable[[str], Path]

SETTINGS = SampleSettings(width=SIZE, height=SIZE, steps=2)


@pytest.mark.parametrize("name", WRITERS)
def test_a_family_draws_with_what_is_attached(tiny_folder: Folder, name: str) -> None:
    family = load_family(tiny_folder(name))
    base = sample(family, family.denoiser, [PROMPT], [4], SETTINGS)
    part = attach("lora", Components.of(family), MethodOptions(rank=2, text_encoders=True), 0)
    unchanged = sample(family, part.denoiser, [PROMPT], [4], SETTINGS)
    randomise(part)

    changed = sample(family, part.denoiser, [PROMPT], [4], SETTINGS)
    with part.adapter_off():
        off = sample(family, part.denoiser, [PROMPT], [4], SETTINGS)

    assert np.array_equal(unchanged, base)
    assert not np.array_equal(changed, base)
    assert np.array_equal(off, base)


@pytest.mark.parametrize("name", WRITERS)
def test_a_family_reads_new_words(tiny_folder: Folder, name: str) -> None:
    family = load_family(tiny_folder(name))
    before = family.encode_prompts([PROMPT])
    placeholder = Placeholder(token="<lesion>", initial="red", num_vectors=2)
    options = MethodOptions(placeholders=(placeholder,))
    part = attach("textual_inversion", Components.of(family), options, 0)
    assert isinstance(part, TextualInversionPart)

    after = family.encode_prompts([PROMPT])
    first = family.encode_prompts(["a <lesion> photo"])
    randomise(part)
    second = family.encode_prompts(["a <lesion> photo"])

    assert all(np.array_equal(before[key].detach(), after[key].detach()) for key in before)
    assert any(not np.array_equal(first[key].detach(), second[key].detach()) for key in first)
    assert any(tensor.requires_grad for tensor in second.values())


def _loss(part: TrainedPart, family: Family) -> torch.Tensor:
    latents = torch.ones(2, *family.latent_shape(SIZE, SIZE))
    noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(3))
    times = family.draw_timesteps(torch.tensor([0.3, 0.6]), (latents.shape[2], latents.shape[3]))
    size = SampleSize(original=(SIZE, SIZE), crop=(0, 0), target=(SIZE, SIZE))
    prediction = family.predict(
        part.denoiser,
        family.noised(latents, noise, times),
        times,
        family.encode_prompts(["a red photo", "<lesion>"]),
        family.size_conditions([size, size]),
    )
    return (prediction - family.target(latents, noise, times)).square().mean()


@pytest.mark.parametrize(("name", "clip_skip"), [*((name, 1) for name in WRITERS), ("sd15", 2)])
@pytest.mark.parametrize("method", ["lora", "full", "textual_inversion"])
def test_everything_that_is_trained_gets_a_gradient(
    tiny_folder: Folder, name: str, clip_skip: int, method: str
) -> None:
    """What does not would make the other ranks wait, and would be an empty part of the file."""
    family = load_family(tiny_folder(name), clip_skip=clip_skip)
    options = MethodOptions(
        rank=2,
        targets=(Target.ATTENTION, Target.FEED_FORWARD),
        text_encoders=True,
        placeholders=(Placeholder(token="<lesion>", initial="red"),),
    )
    part = attach(method, Components.of(family), options, 0).train()

    part(_loss, family).backward()

    missing = [name for name, each in part.trained_parameters().items() if each.grad is None]
    assert not missing
