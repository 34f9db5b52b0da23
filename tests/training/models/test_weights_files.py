"""Weights are found in the files of all common programs, and other files are refused by what they are."""

import gzip
import json
import os
import zipfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from training.errors import WeightsError
from training.models.backbone import (
    BackboneConfig,
    build_classifier,
    classifier_parameters,
    freeze_backbone,
)
from training.models.weights import load_backbone_weights, read_backbone_weights

SMALL = BackboneConfig(
    name="test_resnet", num_classes=5, image_size=64, drop_path=0, global_pool="", norm_layer=""
)


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    torch.manual_seed(1)
    return timm.create_model("test_resnet", num_classes=1000).state_dict()


def named(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


WRAPPED: dict[str, Callable[[dict[str, Tensor]], Any]] = {
    "plain": lambda t: t,
    "DDP": lambda t: {"model": named(t, "module.")},
    "compiled": lambda t: {"model": named(t, "_orig_mod.")},
    "compiled and DDP": lambda t: {"model": named(t, "module._orig_mod.")},
    "a compiled part": lambda t: {
        name.replace("layer1.", "layer1._orig_mod."): value for name, value in t.items()
    },
    "Lightning": lambda t: {"state_dict": named(t, "model."), "hyper_parameters": {"lr": 1e-3}},
    "a network in a network": lambda t: {
        "state_dict": {**named(t, "net.encoder.model."), "criterion.weight": torch.zeros(5)}
    },
    "model_state_dict": lambda t: {"model_state_dict": t, "epoch": 3},
    "timm's training": lambda t: {"state_dict_ema": t, "state_dict": t, "arch": "test_resnet"},
    "a teacher that is a word": lambda t: {"teacher": "ema", "model": t},
    "a number of NumPy": lambda t: {"model": t, "best": np.float64(0.9), "step": np.int64(3)},
    "an array of NumPy": lambda t: {"model": t, "curve": np.zeros(3), "args": Namespace(lr=1)},
    "a path": lambda t: {"model": t, "args": {"data": Path("/data")}},
    "the state of an optimizer": lambda t: {
        "model": t,
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": []},
    },
    "half precision": lambda t: {
        name: value.half() if value.is_floating_point() else value for name, value in t.items()
    },
    "deep": lambda t: {"checkpoint": {"modules": {"backbone": named(t, "module.")}}},
}


@pytest.mark.parametrize("wrapping", WRAPPED)
def test_known_wrappers_are_taken_off(
    tmp_path: Path, tensors: dict[str, Tensor], wrapping: str
) -> None:
    path = tmp_path / "weights.pth"
    torch.save(WRAPPED[wrapping](tensors), path)
    model = build_classifier(SMALL)
    load_backbone_weights(model, path)
    for name, tensor in model.state_dict().items():
        if not name.startswith("fc."):
            assert torch.allclose(tensor.float(), tensors[name].float(), atol=1e-3), name


def test_averaged_weights_are_preferred(tmp_path: Path, tensors: dict[str, Tensor]) -> None:
    averaged = {
        name: value + 1 if value.is_floating_point() else value for name, value in tensors.items()
    }
    torch.save({"model": tensors, "model_ema": averaged}, tmp_path / "ema.pth")
    loaded = read_backbone_weights(build_classifier(SMALL), tmp_path / "ema.pth")
    assert torch.equal(loaded["conv1.0.weight"], averaged["conv1.0.weight"])


def test_a_file_is_read_by_its_content_and_not_by_its_ending(
    tmp_path: Path, tensors: dict[str, Tensor]
) -> None:
    save_file(tensors, tmp_path / "weights.pth")
    torch.save(tensors, tmp_path / "weights.safetensors")
    torch.save(tensors, tmp_path / "old.bin", _use_new_zipfile_serialization=False)
    for name in ("weights.pth", "weights.safetensors", "old.bin"):
        assert read_backbone_weights(build_classifier(SMALL), tmp_path / name)


def zipped(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "secret")


REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "page": (lambda p: p.write_text("<!DOCTYPE html><html>secret</html>"), "a web page"),
    "spaced page": (lambda p: p.write_text("\n <HTML><title>secret</title>"), "a web page"),
    "pointer": (
        lambda p: p.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:secret\n"),
        "a Git LFS pointer",
    ),
    "empty": (lambda p: p.write_bytes(b""), "it is empty"),
    "zip": (lambda p: zipped(p, "weights/secret.txt"), "a ZIP archive without PyTorch's tensors"),
    "script": (lambda p: torch.jit.script(nn.Linear(2, 2)).save(str(p)), "a TorchScript program"),
    "gzip": (lambda p: p.write_bytes(gzip.compress(b"secret" * 100)), "a gzip archive"),
    "onnx": (lambda p: p.write_bytes(b"\x08\x07\x12\x07pytorch\x1a\x05secret"), "an ONNX model"),
    "keras": (lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\nsecret"), "an HDF5 file"),
    "array": (lambda p: p.write_bytes(b"\x93NUMPYsecret"), "a NumPy array"),
    "json": (lambda p: p.write_text(json.dumps({"secret": 1})), "a JSON text"),
    "text": (lambda p: p.write_text("root:secret:0:0"), "a text"),
    "picture": (lambda p: p.write_bytes(b"\x89PNG\r\n\x1a\nsecret"), "a PNG image"),
    "noise": (lambda p: p.write_bytes(bytes(range(200, 256)) * 20), "damaged"),
    "list": (lambda p: torch.save([1, 2], p), "contains a list"),
    "no tensors": (lambda p: torch.save({"epoch": 3}, p), "contains no tensors"),
    "module": (lambda p: torch.save(nn.Linear(2, 2), p), "objects other than tensors"),
    "folder": (lambda p: p.mkdir(), "a folder, a pipe or a device"),
    "pipe": (os.mkfifo, "a folder, a pipe or a device"),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit.*")
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_of_another_kind_is_refused_by_what_it_is(
    tmp_path: Path, kind: str, suffix: str
) -> None:
    write, reason = REFUSED[kind]
    path = tmp_path / f"weights.{suffix}"
    write(path)
    with pytest.raises(WeightsError, match=reason) as refused:
        read_backbone_weights(build_classifier(SMALL), path)
    assert str(path) in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("num_bytes", [20, 200, -200])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_file_that_is_cut_is_refused(
    tmp_path: Path, tensors: dict[str, Tensor], suffix: str, num_bytes: int
) -> None:
    path = tmp_path / f"cut.{suffix}"
    (torch.save if suffix == "pth" else save_file)(tensors, path)
    path.write_bytes(path.read_bytes()[:num_bytes])
    with pytest.raises(WeightsError, match=r"cut\.(pth|safetensors) cannot be read"):
        read_backbone_weights(build_classifier(SMALL), path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(
    tmp_path: Path, tensors: dict[str, Tensor], value: float
) -> None:
    broken = {**tensors, "conv1.0.weight": torch.full_like(tensors["conv1.0.weight"], value)}
    torch.save(broken, tmp_path / "nan.pth")
    with pytest.raises(WeightsError, match=r"conv1\.0\.weight that are no finite numbers"):
        read_backbone_weights(build_classifier(SMALL), tmp_path / "nan.pth")


def test_quantised_weights_are_refused(tmp_path: Path, tensors: dict[str, Tensor]) -> None:
    torch.save(
        {**tensors, "conv1.0.weight": tensors["conv1.0.weight"].to(torch.int8)}, tmp_path / "q"
    )
    with pytest.raises(WeightsError, match="Quantised"):
        read_backbone_weights(build_classifier(SMALL), tmp_path / "q")


FAMILIES = (
    *("convnext_atto", "convnextv2_atto", "beit_base_patch16_224", "eva02_tiny_patch14_224"),
    *("swin_tiny_patch4_window7_224", "deit_tiny_distilled_patch16_224", "mobilenetv3_small_050"),
    *(
        "efficientnet_b0",
        "densenet121",
        "maxvit_pico_rw_256",
        "caformer_s18",
        "vit_tiny_patch16_224",
    ),
)


def require_round_trip(name: str, folder: Path) -> None:
    """A network with a small classifier loads the file that timm has of its architecture."""
    with torch.device("meta"):
        stored = timm.create_model(name).state_dict()
        model = timm.create_model(name, num_classes=5)
    path = folder / f"{name}.pth"
    # Expanded from scalars to save disk.
    torch.save(
        {key: torch.zeros((), dtype=t.dtype).expand(t.shape) for key, t in stored.items()}, path
    )
    loaded = read_backbone_weights(model, path)
    heads = {id(parameter) for parameter in classifier_parameters(model)}
    classifier = {key for key, value in model.named_parameters() if id(value) in heads}
    not_loaded = model.state_dict().keys() - loaded.keys()
    assert classifier <= not_loaded
    assert all(key.startswith("aux_head.") for key in not_loaded - classifier)
    path.unlink()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_network_loads_the_file_of_its_own_architecture(tmp_path: Path, name: str) -> None:
    require_round_trip(name, tmp_path)


def smallest_of_each_family() -> list[str]:
    """One small network of each module of timm, by the words in its name."""
    words = ("test_", "femto", "atto", "pico", "nano", "tiny", "_xxs", "_xs", "b0", "18", "small")
    chosen = []
    for module in timm.list_modules():
        names = timm.list_models(module=module)
        small = (name for word in words for name in names if word in name)
        chosen.extend([next(small, names[0])] if names else [])
    return chosen


@pytest.mark.soak
@pytest.mark.parametrize("name", smallest_of_each_family())
def test_every_family_of_timm_loads_its_own_file(tmp_path: Path, name: str) -> None:
    require_round_trip(name, tmp_path)


def test_the_names_of_convnexts_authors_are_converted(tmp_path: Path) -> None:
    model = timm.create_model("convnext_atto", num_classes=5)
    original = {}
    for name, tensor in model.state_dict().items():
        if not name.startswith("head.fc"):
            old = name.replace("stem.", "downsample_layers.0.").replace(".blocks", "")
            old = old.replace("head.norm", "norm").replace("conv_dw", "dwconv")
            old = old.replace("mlp.fc", "pwconv").replace(".downsample.", ".")
            original[old] = tensor
    # Only the stem and the blocks have other names in this test: the rest is timm's.
    for name, tensor in model.state_dict().items():
        if ".downsample." in name:
            stage, rest = name.removeprefix("stages.").split(".downsample.")
            original.pop(f"stages.{stage}.{rest}", None)
            original[f"downsample_layers.{stage}.{rest}"] = tensor
    torch.save({"model": original}, tmp_path / "authors.pth")
    assert read_backbone_weights(model, tmp_path / "authors.pth")


def test_position_embeddings_of_another_size_are_interpolated_in_every_family(
    tmp_path: Path,
) -> None:
    with torch.device("meta"):
        model = timm.create_model("beit_base_patch16_224", num_classes=5, img_size=112)
        stored = timm.create_model("beit_base_patch16_224").state_dict()
    path = tmp_path / "beit.pth"
    torch.save(
        {key: torch.zeros((), dtype=t.dtype).expand(t.shape) for key, t in stored.items()}, path
    )
    loaded = read_backbone_weights(model, path)
    assert all(loaded[name].shape == model.state_dict()[name].shape for name in loaded)


def test_the_norm_of_a_fine_tuned_transformer_is_kept(tmp_path: Path) -> None:
    config = BackboneConfig(
        name="test_vit", num_classes=5, image_size=64, drop_path=0, global_pool="avg", norm_layer=""
    )
    tuned = build_classifier(config)
    nn.init.constant_(tuned.fc_norm.weight, 3.0)
    torch.save({"model": tuned.state_dict(), "epoch": 3}, tmp_path / "tuned.pth")
    loaded = read_backbone_weights(build_classifier(config), tmp_path / "tuned.pth")
    assert torch.equal(loaded["fc_norm.weight"], tuned.fc_norm.weight)
    assert "head.weight" not in loaded


def test_both_heads_of_a_distilled_network_are_trained_by_a_linear_probe() -> None:
    with torch.device("meta"):
        model = timm.create_model("deit_tiny_distilled_patch16_224", num_classes=5)
    freeze_backbone(model)
    trainable = {name for name, value in model.named_parameters() if value.requires_grad}
    assert trainable == {"head.weight", "head.bias", "head_dist.weight", "head_dist.bias"}
