"""Both layouts of RETFound's weights files load completely, and files that do not fit are refused."""

import argparse
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor

from training.errors import WeightsError
from training.models.backbone import BackboneConfig, build_classifier
from training.models.weights import load_backbone_weights, read_backbone_weights

MAE_LARGE = BackboneConfig(
    name="vit_large_patch16_224",
    num_classes=28,
    image_size=224,
    drop_path=0.2,
    global_pool="avg",
    norm_layer="",
)
DINO_LARGE = replace(MAE_LARGE, name="vit_large_patch14_dinov2", global_pool="token")
TINY = BackboneConfig(
    name="test_vit", num_classes=5, image_size=64, drop_path=0.0, global_pool="avg", norm_layer=""
)


def on_meta(config: BackboneConfig) -> torch.nn.Module:
    with torch.device("meta"):
        return build_classifier(config)


def shapes_of(name: str, **options: object) -> dict[str, Tensor]:
    """Tensors in the shapes of a network without a classifier, expanded from scalars to save disk."""
    with torch.device("meta"):
        model = timm.create_model(name, num_classes=0, **options)
    return {key: torch.zeros(()).expand(value.shape) for key, value in model.state_dict().items()}


def mae_file(path: Path, encoder: dict[str, Tensor]) -> Path:
    decoder = {
        "mask_token": torch.zeros(1, 1, 512),
        "decoder_pos_embed": torch.zeros(1, 197, 512),
        "decoder_embed.weight": torch.zeros(512, 8),
        "decoder_blocks.0.norm1.weight": torch.zeros(512),
        "decoder_pred.bias": torch.zeros(768),
    }
    arguments = argparse.Namespace(model="mae_vit_large_patch16", epochs=800)
    torch.save({"model": {**encoder, **decoder}, "args": arguments, "epoch": 799}, path)
    return path


def dino_file(path: Path, backbone: dict[str, Tensor]) -> Path:
    teacher = {f"backbone.{name}": tensor for name, tensor in backbone.items()}
    teacher["backbone.mask_token"] = torch.zeros(1, 1024)
    teacher["dino_head.mlp.0.weight"] = torch.zeros(4, 4)
    torch.save({"teacher": teacher}, path)
    return path


def test_retfounds_mae_layout_has_all_tensors_but_the_classifiers(tmp_path: Path) -> None:
    path = mae_file(tmp_path / "RETFound_mae.pth", shapes_of("vit_large_patch16_224"))
    model = on_meta(MAE_LARGE)
    loaded = read_backbone_weights(model, path)
    assert set(model.state_dict()) - set(loaded) == {
        "head.weight",
        "head.bias",
        "fc_norm.weight",
        "fc_norm.bias",
    }


def test_retfounds_dinov2_layout_has_all_tensors_but_the_classifiers(tmp_path: Path) -> None:
    backbone = shapes_of("vit_large_patch14_dinov2", img_size=518)
    path = dino_file(tmp_path / "RETFound_dinov2.pth", backbone)
    model = on_meta(DINO_LARGE)
    loaded = read_backbone_weights(model, path)
    assert set(model.state_dict()) - set(loaded) == {"head.weight", "head.bias"}
    assert loaded["pos_embed"].shape == (1, 1 + 16 * 16, 1024), "interpolated from 37 x 37"


def test_dinov2_blocks_that_were_stored_in_chunks_are_read(tmp_path: Path) -> None:
    chunked = {
        name.replace("blocks.", f"blocks.{int(name.split('.')[1]) // 6}.")
        if name.startswith("blocks.")
        else name: tensor
        for name, tensor in shapes_of("vit_large_patch14_dinov2", img_size=518).items()
    }
    read_backbone_weights(on_meta(DINO_LARGE), dino_file(tmp_path / "chunked.pth", chunked))


def test_loading_copies_the_weights_and_interpolates_the_position_embeddings(
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    pretrained = timm.create_model("test_vit", num_classes=0, img_size=96)
    path = mae_file(tmp_path / "mae.pth", pretrained.state_dict())
    model = build_classifier(TINY)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    load_backbone_weights(model, path)
    after = model.state_dict()
    assert torch.equal(after["blocks.0.attn.qkv.weight"], pretrained.blocks[0].attn.qkv.weight)
    assert torch.equal(after["head.weight"], before["head.weight"])
    assert after["pos_embed"].shape != pretrained.pos_embed.shape


def test_safetensors_of_a_trained_classifier_load(tmp_path: Path) -> None:
    pretrained = build_classifier(TINY)
    save_file(pretrained.state_dict(), tmp_path / "model.safetensors")
    model = build_classifier(TINY)
    load_backbone_weights(model, tmp_path / "model.safetensors")
    assert torch.equal(
        model.state_dict()["patch_embed.proj.weight"],
        pretrained.state_dict()["patch_embed.proj.weight"],
    )


def test_a_convolutional_backbone_loads_its_own_weights(tmp_path: Path) -> None:
    config = BackboneConfig(
        name="test_resnet", num_classes=3, image_size=64, drop_path=0, global_pool="", norm_layer=""
    )
    pretrained = timm.create_model("test_resnet", num_classes=1000)
    torch.save(pretrained.state_dict(), tmp_path / "resnet.pth")
    model = build_classifier(config)
    load_backbone_weights(model, tmp_path / "resnet.pth")
    name = next(iter(pretrained.state_dict()))
    assert torch.equal(model.state_dict()[name], pretrained.state_dict()[name])


@pytest.mark.parametrize(
    ("config", "problem"), [(MAE_LARGE, "unexpected"), (DINO_LARGE, "missing")]
)
def test_a_checkpoint_of_another_architecture_is_refused(
    tmp_path: Path, config: BackboneConfig, problem: str
) -> None:
    mae = mae_file(tmp_path / "mae.pth", shapes_of("vit_large_patch16_224"))
    dino = dino_file(tmp_path / "dino.pth", shapes_of("vit_large_patch14_dinov2", img_size=224))
    other = dino if config is MAE_LARGE else mae
    with pytest.raises(WeightsError, match=problem):
        read_backbone_weights(on_meta(config), other)


def test_the_weights_of_a_smaller_network_are_refused_by_shape(tmp_path: Path) -> None:
    path = mae_file(tmp_path / "base.pth", shapes_of("vit_base_patch16_224"))
    with pytest.raises(WeightsError, match="of another shape"):
        read_backbone_weights(on_meta(MAE_LARGE), path)


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("code from a file was run",))


def test_code_in_a_weights_file_is_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "evil.pth"
    torch.save({"model": Payload()}, path)
    with pytest.raises(WeightsError, match="code from files is not run"):
        read_backbone_weights(on_meta(TINY), path)
    assert "code from a file" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", pickle.dumps([1, 2])])
def test_a_file_that_is_not_a_weights_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"weights\.pth"):
        read_backbone_weights(on_meta(TINY), path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="There is no weights file"):
        read_backbone_weights(on_meta(TINY), tmp_path / "missing.pth")
