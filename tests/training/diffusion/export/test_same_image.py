from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.diffusion.attached import components_of, draw, load_pipeline, randomise
from tests.training.diffusion.tiny_pipelines import WRITERS
from training.diffusion.export.diffusers_adapter import write_diffusers
from training.diffusion.export.embeddings import ENCODER_KEYS, write_embeddings
from training.diffusion.export.facts import TrainingFacts
from training.diffusion.export.kohya_adapter import write_kohya
from training.diffusion.export.pipeline_folder import write_pipeline
from training.diffusion.export.tensors import read_tensors
from training.diffusion.methods.adapters import AdapterPart
from training.diffusion.methods.full import FullPart
from training.diffusion.methods.options import LayerRank, MethodOptions, Placeholder, Target
from training.diffusion.methods.registry import attach
from training.diffusion.methods.textual_inversion import TextualInversionPart

FACTS = TrainingFacts(title="tiny")
FAMILIES = tuple(WRITERS)
MIXED = MethodOptions(
    rank=2,
    alpha=3.0,
    targets=tuple(Target),
    layer_ranks=(
        LayerRank(contains="to_q", rank=4, alpha=1.0),
        LayerRank(contains="k_proj", rank=3, alpha=6.0),
    ),
    text_encoders=True,
)

Folder = Callable[[str], Path]


def _same(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> bool:
    return bool(np.allclose(first, second, atol=1e-4))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", ["lora", "dora", "lokr"])
def test_an_adapter_loads_in_plain_diffusers_and_draws_the_same(
    tiny_folder: Folder, tmp_path: Path, family: str, method: str
) -> None:
    pipeline = load_pipeline(tiny_folder(family))
    base = draw(pipeline)
    part = attach(method, components_of(pipeline, family), MIXED, 7)
    assert isinstance(part, AdapterPart)
    assert _same(draw(pipeline), base)

    randomise(part)
    inside = draw(pipeline)
    with part.adapter_off():
        assert _same(draw(pipeline), base)
    write_diffusers(part, tmp_path, FACTS)
    plain = load_pipeline(tiny_folder(family))
    plain.load_lora_weights(tmp_path)

    assert _same(draw(plain), inside)
    assert not _same(inside, base)


@pytest.mark.parametrize("family", ["sd15", "sdxl", "flux"])
def test_attention_of_one_rank_draws_the_same_from_kohyas_format(
    tiny_folder: Folder, tmp_path: Path, family: str
) -> None:
    pipeline = load_pipeline(tiny_folder(family))
    base = draw(pipeline)
    # Diffusers' converter takes other layers and mixed ranks for something else.
    options = MethodOptions(rank=2, alpha=3.0, text_encoders=True)
    part = attach("lora", components_of(pipeline, family), options, 7)
    assert isinstance(part, AdapterPart)
    randomise(part)
    inside = draw(pipeline)

    path = write_kohya(part, tmp_path / "tiny.safetensors", FACTS)
    plain = load_pipeline(tiny_folder(family))
    plain.load_lora_weights(path)

    assert _same(draw(plain), inside)
    assert not _same(inside, base)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_full_model_is_a_pipeline_that_draws_the_same(
    tiny_folder: Folder, tmp_path: Path, family: str
) -> None:
    pipeline = load_pipeline(tiny_folder(family))
    base = draw(pipeline)
    part = attach("full", components_of(pipeline, family), MethodOptions(text_encoders=True), 7)
    assert isinstance(part, FullPart)
    randomise(part, scale=0.02)
    inside = draw(pipeline)
    with part.adapter_off():
        assert _same(draw(pipeline), base)

    folder = write_pipeline(part, tiny_folder(family), tmp_path / "trained")

    assert _same(draw(load_pipeline(folder)), inside)
    assert not _same(inside, base)
    assert (folder / "README.md").is_file()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_new_word_loads_in_plain_diffusers_and_draws_the_same(
    tiny_folder: Folder, tmp_path: Path, family: str
) -> None:
    pipeline = load_pipeline(tiny_folder(family))
    options = MethodOptions(
        placeholders=(Placeholder(token="<lesion>", initial="retina red", num_vectors=2),)
    )
    part = attach("textual_inversion", components_of(pipeline, family), options, 7)
    assert isinstance(part, TextualInversionPart)
    prompt = "a photo of the <lesion>"
    if family == "sd3":
        # This pipeline of diffusers has no loader of new words that would expand the prompt.
        prompt = "a photo of the <lesion> <lesion>_1"
    base = draw(pipeline, prompt)
    randomise(part)
    inside = draw(pipeline, prompt)
    with part.adapter_off():
        assert _same(draw(pipeline, prompt), base)

    (path,) = write_embeddings(part, tmp_path, FACTS)
    plain = load_pipeline(tiny_folder(family))
    _load_embeddings(plain, family, path)

    assert _same(draw(plain, prompt), inside)
    assert not _same(inside, base)


def _load_embeddings(pipeline: Any, family: str, path: Path) -> None:
    if family not in ENCODER_KEYS:
        pipeline.load_textual_inversion(path.parent)
        return
    tensors, _ = read_tensors(path)
    for encoder, key in ENCODER_KEYS[family].items():
        text_encoder = getattr(pipeline, encoder)
        tokenizer = getattr(pipeline, encoder.replace("text_encoder", "tokenizer"))
        if hasattr(pipeline, "load_textual_inversion"):
            pipeline.load_textual_inversion(
                tensors[key], token="<lesion>", text_encoder=text_encoder, tokenizer=tokenizer
            )
        else:
            tokens = ["<lesion>", "<lesion>_1"]
            tokenizer.add_tokens(tokens)
            text_encoder.resize_token_embeddings(len(tokenizer))
            ids = tokenizer.convert_tokens_to_ids(tokens)
            text_encoder.get_input_embeddings().weight.data[ids] = tensors[key]
