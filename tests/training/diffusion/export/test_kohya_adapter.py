import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.training.diffusion.attached import components_of, load_pipeline, randomise
from training.diffusion.export.diffusers_adapter import read_diffusers, write_diffusers
from training.diffusion.export.facts import TrainingFacts
from training.diffusion.export.kohya_adapter import file_weights, read_kohya, write_kohya
from training.diffusion.export.kohya_names import kohya_name
from training.diffusion.methods.adapters import AdapterPart
from training.diffusion.methods.layers import layer_weight
from training.diffusion.methods.options import LayerRank, MethodOptions, Target
from training.diffusion.methods.registry import attach
from training.errors import WeightsError

FACTS = TrainingFacts(
    title="tiny",
    base_model="tiny-sd15",
    resolution=(512, 768),
    steps=30,
    seed=7,
    licence="openrail++",
    finished_at=1_800_000_000.0,
)
MIXED = MethodOptions(
    rank=2,
    alpha=3.0,
    targets=tuple(Target),
    layer_ranks=(LayerRank(contains="to_q", rank=4, alpha=1.0), LayerRank(contains="fc1", rank=5)),
    text_encoders=True,
)

Folder = Callable[[str], Path]


def _trained(folder: Path, family: str, method: str) -> AdapterPart:
    part = attach(method, components_of(load_pipeline(folder), family), MIXED, 3)
    assert isinstance(part, AdapterPart)
    randomise(part)
    return part


def _changed(base: Tensor, tensors: dict[str, Tensor]) -> Tensor:
    """The weight of a layer by the definition of the formats (LyCORIS, sd-scripts)."""
    alpha = float(tensors["alpha"])
    if "lora_up.weight" in tensors:
        up, down = tensors["lora_up.weight"], tensors["lora_down.weight"]
        change = alpha / len(down) * (up.flatten(1) @ down.flatten(1))
    elif "lokr_w2" in tensors:
        change = torch.kron(tensors["lokr_w1"], tensors["lokr_w2"].flatten(1))
    else:
        w2 = tensors["lokr_w2_a"] @ tensors["lokr_w2_b"]
        change = alpha / len(tensors["lokr_w2_b"]) * torch.kron(tensors["lokr_w1"], w2)
    merged = base + change.reshape(base.shape)
    if (scale := tensors.get("dora_scale")) is None:
        return merged
    norm = merged.flatten(1).norm(dim=1).reshape(-1, *([1] * (base.dim() - 1)))
    assert scale.shape == norm.shape
    return merged * scale / norm


@pytest.mark.parametrize(
    ("family", "method"),
    [
        ("sd15", "lora"),
        ("sd15", "dora"),
        ("sd15", "lokr"),
        ("sdxl", "dora"),
        ("flux", "lora"),
        ("flux", "lokr"),
    ],
)
def test_a_file_says_what_each_layer_becomes(
    tiny_folder: Folder, tmp_path: Path, family: str, method: str
) -> None:
    part = _trained(tiny_folder(family), family, method)
    tensors = load_file(write_kohya(part, tmp_path / "tiny.safetensors", FACTS))
    networks = dict(part.components.networks())

    for layer in part.layers:
        name = kohya_name(part.components, layer.component, layer.name)
        found = {
            key.removeprefix(f"{name}."): tensor
            for key, tensor in tensors.items()
            if key.startswith(f"{name}.")
        }
        tuner = networks[layer.component].get_submodule(layer.name)
        base = layer_weight(networks[layer.component], layer.name).detach().clone()
        tuner.merge()  # type: ignore[operator]
        merged = layer_weight(networks[layer.component], layer.name).detach()
        torch.testing.assert_close(_changed(base, found), merged, atol=1e-5, rtol=1e-4)
        assert float(found["alpha"]) == layer.alpha


def test_dora_can_be_the_whole_change_of_each_weight(tiny_folder: Folder, tmp_path: Path) -> None:
    part = _trained(tiny_folder("sd15"), "sd15", "dora")
    networks = dict(part.components.networks())
    path = write_kohya(part, tmp_path / "tiny.safetensors", FACTS, dora_as_difference=True)
    tensors = load_file(path)

    assert len(tensors) == len(part.layers)
    for layer in part.layers:
        name = kohya_name(part.components, layer.component, layer.name)
        base = layer_weight(networks[layer.component], layer.name).detach().clone()
        networks[layer.component].get_submodule(layer.name).merge()  # type: ignore[operator]
        merged = layer_weight(networks[layer.component], layer.name).detach()
        changed = base + tensors[f"{name}.diff"]
        torch.testing.assert_close(changed, merged, atol=1e-5, rtol=1e-4)
    with pytest.raises(WeightsError, match="which is no adapter"):
        read_kohya(path, part.components)


@pytest.mark.parametrize(
    ("family", "method"), [("sdxl", "lora"), ("sd3", "dora"), ("sd21", "lokr")]
)
def test_a_file_reads_back_as_it_was(
    tiny_folder: Folder, tmp_path: Path, family: str, method: str
) -> None:
    part = _trained(tiny_folder(family), family, method)
    path = write_kohya(part, tmp_path / "tiny.safetensors", FACTS)

    other = _trained(tiny_folder(family), family, method)
    layers = read_kohya(path, other.components)
    other.load({name: torch.zeros_like(each) for name, each in other.weights().items()})
    other.load(file_weights(layers))

    weights = part.weights()
    assert all(torch.equal(weights[name], each) for name, each in other.weights().items())
    assert {each.layer for each in layers} == set(part.layers)


@pytest.mark.parametrize(("family", "method"), [("sdxl", "dora"), ("flux", "lora")])
def test_a_file_of_diffusers_reads_back_as_it_was(
    tiny_folder: Folder, tmp_path: Path, family: str, method: str
) -> None:
    part = _trained(tiny_folder(family), family, method)

    layers = read_diffusers(write_diffusers(part, tmp_path, FACTS), part.components)

    read, weights = file_weights(layers), part.weights()
    assert read.keys() == weights.keys()
    assert all(torch.equal(weights[name], each) for name, each in read.items())
    assert {each.layer for each in layers} == set(part.layers)


def test_the_metadata_say_how_it_was_trained(tiny_folder: Folder, tmp_path: Path) -> None:
    part = _trained(tiny_folder("sd15"), "sd15", "dora")

    path = write_kohya(part, tmp_path / "tiny.safetensors", FACTS)

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    assert metadata["ss_network_dim"] == "Dynamic"
    assert json.loads(metadata["ss_network_args"])["dora_wd"] == "True"
    assert {name: metadata[name] for name in ("ss_steps", "ss_seed", "ss_resolution")} == {
        "ss_steps": "30",
        "ss_seed": "7",
        "ss_resolution": "(512, 768)",
    }
    assert metadata["ss_sd_model_name"] == "tiny-sd15"
    assert metadata["modelspec.architecture"] == "stable-diffusion-v1/lora"
    assert metadata["modelspec.resolution"] == "512x768"
    assert metadata["modelspec.license"] == "openrail++"
    assert metadata["modelspec.date"] == "2027-01-15T08:00:00"
    content = path.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    assert metadata["sshs_model_hash"] == hashlib.sha256(content[begin:]).hexdigest()
    assert metadata["modelspec.hash_sha256"] == f"0x{metadata['sshs_model_hash']}"


def test_equal_ranks_are_one_number(tiny_folder: Folder, tmp_path: Path) -> None:
    components = components_of(load_pipeline(tiny_folder("sd15")), "sd15")
    part = attach("lora", components, MethodOptions(rank=4, alpha=2.0), 0)
    assert isinstance(part, AdapterPart)

    path = write_kohya(part, tmp_path / "tiny.safetensors", FACTS)

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    assert (metadata["ss_network_dim"], metadata["ss_network_alpha"]) == ("4", "2.0")
    assert metadata["ss_network_module"] == "networks.lora"


@pytest.mark.parametrize(
    ("value", "dtype", "advice"),
    [
        (float("nan"), torch.float32, "diverged"),
        (float("inf"), torch.float16, "diverged"),
        (1e6, torch.float16, "bfloat16"),
    ],
)
def test_what_is_not_finite_is_not_written(
    tiny_folder: Folder, tmp_path: Path, value: float, dtype: torch.dtype, advice: str
) -> None:
    part = _trained(tiny_folder("sd15"), "sd15", "lora")
    with torch.no_grad():
        next(iter(part.trained_parameters().values()))[0, 0] = value

    for write in (
        lambda: write_kohya(part, tmp_path / "tiny.safetensors", FACTS, dtype=dtype),
        lambda: write_diffusers(part, tmp_path, FACTS, dtype=dtype),
    ):
        with pytest.raises(WeightsError, match=advice):
            write()
    assert not list(tmp_path.iterdir())


def test_a_torn_file_is_refused(tiny_folder: Folder, tmp_path: Path) -> None:
    part = _trained(tiny_folder("sd15"), "sd15", "lora")
    path = write_kohya(part, tmp_path / "tiny.safetensors", FACTS)
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(WeightsError, match="could not be read"):
        read_kohya(path, part.components)


def test_a_file_of_another_model_is_refused(tiny_folder: Folder, tmp_path: Path) -> None:
    path = write_kohya(
        _trained(tiny_folder("sdxl"), "sdxl", "lora"), tmp_path / "tiny.safetensors", FACTS
    )
    components = components_of(load_pipeline(tiny_folder("sd15")), "sd15")

    with pytest.raises(WeightsError, match="for which this model \\(sd15\\) has no layer"):
        read_kohya(path, components)
    with pytest.raises(WeightsError, match="for which this model \\(sd15\\) has no layer"):
        read_diffusers(path, components)


def test_half_an_adapter_is_refused(tiny_folder: Folder, tmp_path: Path) -> None:
    part = _trained(tiny_folder("sd15"), "sd15", "lora")
    for name, write, read in (
        ("kohya.safetensors", write_kohya, read_kohya),
        ("pytorch_lora_weights.safetensors", _write_diffusers, read_diffusers),
    ):
        path = write(part, tmp_path / name, FACTS)
        tensors = load_file(path)
        lost = next(key for key in tensors if "lora_up" in key or "lora_B" in key)
        del tensors[lost]
        save_file(tensors, path)
        with pytest.raises(WeightsError, match="has only"):
            read(path, part.components)


def _write_diffusers(part: AdapterPart, path: Path, facts: TrainingFacts) -> Path:
    return write_diffusers(part, path.parent, facts)
