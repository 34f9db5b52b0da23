"""Prompts are read as diffusers' pipelines read them, and what is cut of them is said."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DiffusionPipeline

from tests.training.diffusion.tiny_pipelines import clip_tokenizer
from training.diffusion.families.family import Family, load_family
from training.diffusion.families.prompts import expand_placeholders

PROMPTS = ["a photo of the retina", "fundus, " * 60, ""]


def plain_embedding(pipeline: DiffusionPipeline, name: str, **options: Any) -> dict[str, Any]:
    """What diffusers' pipeline of the family makes of the prompts."""
    if name == "flux":
        hidden, pooled, _ = pipeline.encode_prompt(PROMPTS, **options)
        return {"hidden": hidden, "pooled": pooled}
    if name == "sd3":
        hidden, _, pooled, _ = pipeline.encode_prompt(PROMPTS, None, None, **options)
        return {"hidden": hidden, "pooled": pooled}
    if name == "sdxl":
        hidden, _, pooled, _ = pipeline.encode_prompt(PROMPTS, **options)
        return {"hidden": hidden, "pooled": pooled}
    return {"hidden": pipeline.encode_prompt(PROMPTS, "cpu", 1, False, **options)[0]}


@torch.no_grad()
def test_embeddings_are_those_of_the_plain_pipeline(any_family: Family, any_folder: Path) -> None:
    expected = plain_embedding(DiffusionPipeline.from_pretrained(any_folder), any_family.name)
    found = any_family.encode_prompts(PROMPTS)
    assert found.keys() == expected.keys()
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, expected[name], rtol=0, atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("clip_skip", [1, 2, 3])
def test_clip_skip_is_that_of_the_plain_pipeline(clip_skip: int, sd15_folder: Path) -> None:
    pipeline = DiffusionPipeline.from_pretrained(sd15_folder)
    # diffusers looks for the text model where it was before transformers 5.6.
    pipeline.text_encoder.__dict__["text_model"] = pipeline.text_encoder
    expected = plain_embedding(pipeline, "sd15", clip_skip=clip_skip - 1)
    found = load_family(sd15_folder, clip_skip=clip_skip).encode_prompts(PROMPTS)
    torch.testing.assert_close(found["hidden"], expected["hidden"], rtol=0, atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("name", ["sd3", "flux"])
def test_the_tokens_of_t5_can_be_chosen(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(f"{name}_folder")
    pipeline = DiffusionPipeline.from_pretrained(folder)
    expected = plain_embedding(pipeline, name, max_sequence_length=20)
    family = load_family(folder, max_prompt_tokens=20)
    found = family.encode_prompts(PROMPTS)
    torch.testing.assert_close(found["hidden"], expected["hidden"], rtol=0, atol=1e-6)
    assert family.prompt_limit == 75


def test_a_placeholder_of_several_tokens_is_expanded_as_by_diffusers(sd15_folder: Path) -> None:
    pipeline = DiffusionPipeline.from_pretrained(sd15_folder)
    tokens = ["<lesion>", "<lesion>_1", "<lesion>_2", "<single>"]
    pipeline.tokenizer.add_tokens(tokens)
    prompt = "a photo of <lesion> and <single>, red <lesion>"
    expected = pipeline.maybe_convert_prompt(prompt, pipeline.tokenizer)
    assert expand_placeholders(pipeline.tokenizer, prompt) == expected
    assert expected.count("<lesion>_2") == 2


def test_prompts_without_placeholders_stay_as_they_are() -> None:
    assert expand_placeholders(clip_tokenizer(), "a <photo>_1 of") == "a <photo>_1 of"


@pytest.mark.parametrize(
    ("name", "limit"), [("sd15", 75), ("sdxl", 75), ("sd3", 255), ("flux", 511)]
)
def test_the_end_of_a_prompt_that_no_encoder_reads_is_reported(
    name: str, limit: int, request: pytest.FixtureRequest
) -> None:
    family = load_family(request.getfixturevalue(f"{name}_folder"))
    assert family.prompt_limit == limit
    words = ["retina"] * limit
    whole = family.token_report(" ".join(words))
    assert (whole.tokens, whole.truncated) == (limit, "")
    cut = family.token_report(" ".join([*words, "red  photo"]))
    assert cut.tokens == limit + 2
    assert cut.truncated.strip() == "red  photo"


def test_an_empty_prompt_has_no_tokens(any_family: Family) -> None:
    assert any_family.token_report("") == (0, "")


def test_text_encoders_can_be_trained(any_folder: Path) -> None:
    family = load_family(any_folder)
    for encoder in family.text_encoders.values():
        encoder.requires_grad_(True)
    embedding = family.encode_prompts(PROMPTS[:1])
    torch.stack([tensor.square().sum() for tensor in embedding.values()]).sum().backward()
    for encoder in family.text_encoders.values():
        assert any(
            tensor.grad is not None and bool(tensor.grad.any()) for tensor in encoder.parameters()
        )
