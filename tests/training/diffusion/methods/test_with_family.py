from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.training.diffusion.attached import PROMPT, SIZE, randomise
from tests.training.diffusion.tiny_pipelines import WRITERS
from training.diffusion.families.family import load_family
from training.diffusion.families.sampling import SampleSettings, sample
from training.diffusion.methods.components import Components
from training.diffusion.methods.options import MethodOptions, Placeholder
from training.diffusion.methods.registry import attach
from training.diffusion.methods.textual_inversion import TextualInversionPart

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
    prompt = part.expand("a <lesion> photo")
    first = family.encode_prompts([prompt])
    randomise(part)
    second = family.encode_prompts([prompt])

    assert all(np.array_equal(before[key].detach(), after[key].detach()) for key in before)
    assert any(not np.array_equal(first[key].detach(), second[key].detach()) for key in first)
    assert any(tensor.requires_grad for tensor in second.values())
