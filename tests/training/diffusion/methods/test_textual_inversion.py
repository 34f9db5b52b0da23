from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.training.diffusion.attached import components_of, load_pipeline, randomise
from training.diffusion.export.embeddings import read_embeddings, write_embeddings
from training.diffusion.export.facts import TrainingFacts
from training.diffusion.families.prompts import expand_placeholders
from training.diffusion.methods.components import Components
from training.diffusion.methods.options import MethodOptions, Placeholder
from training.diffusion.methods.registry import attach
from training.diffusion.methods.textual_inversion import TextualInversionPart
from training.errors import ConfigError, WeightsError

Folder = Callable[[str], Path]


@pytest.fixture
def components(tiny_folder: Folder) -> Components:
    return components_of(load_pipeline(tiny_folder("sdxl")), "sdxl")


def _attach(components: Components, *placeholders: Placeholder) -> TextualInversionPart:
    options = MethodOptions(placeholders=placeholders)
    part = attach("textual_inversion", components, options, 0)
    assert isinstance(part, TextualInversionPart)
    return part


def test_a_step_changes_the_new_rows_alone(components: Components) -> None:
    tables = {
        name: encoder.get_input_embeddings().weight.detach().clone()
        for name, encoder in components.text_encoders.items()
    }
    part = _attach(components, Placeholder(token="<lesion>", initial="red", num_vectors=2))
    red = components.tokenizers["text_encoder"]("red", add_special_tokens=False).input_ids
    assert torch.equal(part.weights()["text_encoder.<lesion>"][1], tables["text_encoder"][red[0]])
    optimizer = torch.optim.SGD(part.parameter_groups(), lr=0.1)

    prompt = "a photo of the <lesion> <lesion>_1"
    for name, encoder in part.text_encoders.items():
        ids = components.tokenizers[name](prompt, return_tensors="pt").input_ids
        encoder(ids).last_hidden_state.square().mean().backward()
    optimizer.step()

    for name, table in tables.items():
        encoder = components.text_encoders[name]
        assert torch.equal(encoder.get_input_embeddings().table.weight, table)
        rows = part.weights()[f"{name}.<lesion>"]
        assert rows.shape == (2, 32)
        assert not torch.equal(rows[0], rows[1])
    trained = [name for name, each in part.named_parameters() if each.requires_grad]
    assert len(trained) == 2


def test_t5_stays_in_evaluation_mode(tiny_folder: Folder) -> None:
    components = components_of(load_pipeline(tiny_folder("flux")), "flux")
    options = MethodOptions(
        placeholders=(Placeholder(token="<lesion>", initial="red"),), gradient_checkpointing=True
    )

    part = attach("textual_inversion", components, options, 0).train()

    assert part.denoiser.training
    assert part.text_encoders["text_encoder"].training
    assert not part.text_encoders["text_encoder_2"].training


def test_prompts_have_a_token_for_each_vector(components: Components) -> None:
    _attach(components, Placeholder(token="<Lesion>", initial="a photo", num_vectors=2))

    tokenizer = components.tokenizers["text_encoder"]
    prompt = expand_placeholders(tokenizer, "the <Lesion>")

    ids = tokenizer(prompt, add_special_tokens=False).input_ids
    assert ids[-2:] == tokenizer.convert_tokens_to_ids(["<Lesion>", "<Lesion>_1"])


def test_several_words_have_a_file_each_that_reads_back(
    components: Components, tmp_path: Path
) -> None:
    part = _attach(
        components,
        Placeholder(token="<lesion>", initial="red"),
        Placeholder(token="<vessel>", initial="fundus", num_vectors=3),
    )
    randomise(part)

    paths = write_embeddings(part, tmp_path, TrainingFacts(title="words"))

    assert [path.name for path in paths] == [
        "learned_embeds_1.safetensors",
        "learned_embeds_2.safetensors",
    ]
    read = {
        name: each for path in paths for name, each in read_embeddings(path, components).items()
    }
    assert read.keys() == part.weights().keys()
    assert all(torch.equal(each, part.weights()[name]) for name, each in read.items())


def test_a_file_of_another_family_is_refused(
    components: Components, tiny_folder: Folder, tmp_path: Path
) -> None:
    other = components_of(load_pipeline(tiny_folder("flux")), "flux")
    part = _attach(other, Placeholder(token="<lesion>", initial="red"))
    (path,) = write_embeddings(part, tmp_path, TrainingFacts(title="word"))

    with pytest.raises(WeightsError, match="expected the embeddings of one word for sdxl"):
        read_embeddings(path, components)


@pytest.mark.parametrize(
    ("placeholders", "words"),
    [
        ([], "at least one new word"),
        ([Placeholder(token="retina</w>", initial="red")], "already in the vocabulary"),
        ([Placeholder(token="<x>", initial="drusen")], "6 tokens"),
        ([Placeholder(token="<x>", initial="")], "0 initial words"),
        ([Placeholder(token="<x>", initial="red photo", num_vectors=3)], "one for each vector"),
        ([Placeholder(token="two words", initial="red")], "without spaces"),
        ([Placeholder(token="<x>", initial="red", num_vectors=0)], "1 to 64"),
        ([Placeholder(token="<x>", initial="red")] * 2, "more than once"),
        (
            [Placeholder(token="<x>", initial="red"), Placeholder(token="<x>_1", initial="red")],
            "is a part of",
        ),
    ],
)
def test_wrong_words_are_refused_before_anything_changes(
    components: Components, placeholders: list[Placeholder], words: str
) -> None:
    sizes = {name: len(each) for name, each in components.tokenizers.items()}

    with pytest.raises(ConfigError, match=words):
        _attach(components, *placeholders)

    assert {name: len(each) for name, each in components.tokenizers.items()} == sizes


def test_two_words_keep_apart(components: Components) -> None:
    part = _attach(
        components,
        Placeholder(token="<lesion>", initial="red"),
        Placeholder(token="<vessel>", initial="fundus"),
    )
    randomise(part)
    embedding = components.text_encoders["text_encoder"].get_input_embeddings()
    tokenizer = components.tokenizers["text_encoder"]
    ids = tokenizer(
        "red <vessel> <lesion>", add_special_tokens=False, return_tensors="pt"
    ).input_ids

    rows = embedding(ids)[0]

    assert torch.equal(rows[1], part.weights()["text_encoder.<vessel>"][0])
    assert torch.equal(rows[2], part.weights()["text_encoder.<lesion>"][0])
