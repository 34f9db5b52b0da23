"""Weights of a classifier become those of the encoder, and files that do not fit are refused."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from training.errors import WeightsError
from training.recipes.segmentation.encoder_weights import load_encoder_weights
from training.recipes.segmentation.network import NetworkConfig, build_network, network_config

SIZE = 64


def config_of(encoder: str) -> NetworkConfig:
    return network_config(encoder, image_size=SIZE, decoder_width=16, num_classes=2)


def classifier_of(encoder: str, **options: Any) -> nn.Module:
    torch.manual_seed(5)
    model: nn.Module = timm.create_model(encoder, pretrained=False, **options).eval()
    return model


def saved(model: nn.Module, path: Path) -> Path:
    save_file(model.state_dict(), path)
    return path


def last_map(encoder: nn.Module, images: Tensor) -> Tensor:
    with torch.inference_mode():
        found: Tensor = encoder.eval()(images)[-1]
    return found


@pytest.mark.parametrize("encoder", ["test_resnet", "convnext_atto"])
def test_an_encoder_computes_what_the_classifier_did(tmp_path: Path, encoder: str) -> None:
    model, config = classifier_of(encoder), config_of(encoder)
    network = build_network(config, seed=0)
    load_encoder_weights(network.encoder, config, saved(model, tmp_path / "weights.safetensors"))
    images = torch.rand(1, 3, SIZE, SIZE)
    with torch.inference_mode():
        expected = model.forward_features(images)  # type: ignore[operator]
    torch.testing.assert_close(last_map(network.encoder, images), expected)


@pytest.mark.parametrize("global_pool", ["token", "avg"])
def test_a_transformer_takes_weights_of_any_pooling(tmp_path: Path, global_pool: str) -> None:
    model = classifier_of("test_vit", img_size=SIZE, global_pool=global_pool)
    config = config_of("test_vit")
    network = build_network(config, seed=0)
    load_encoder_weights(network.encoder, config, saved(model, tmp_path / "weights.safetensors"))
    images = torch.rand(1, 3, SIZE, SIZE)
    with torch.inference_mode():
        expected = model.forward_intermediates(  # type: ignore[operator]
            images, indices=config.options["out_indices"], norm=False, intermediates_only=True
        )[-1]
    torch.testing.assert_close(last_map(network.encoder, images), expected)


def test_position_embeddings_are_interpolated_to_the_image_size(tmp_path: Path) -> None:
    model, config = classifier_of("test_vit", img_size=160), config_of("test_vit")
    network = build_network(config, seed=0)
    load_encoder_weights(network.encoder, config, saved(model, tmp_path / "weights.safetensors"))
    assert torch.isfinite(last_map(network.encoder, torch.rand(1, 3, SIZE, SIZE))).all()


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    path = saved(classifier_of("test_resnet"), tmp_path / "weights.safetensors")
    config = config_of("convnext_atto")
    with pytest.raises(WeightsError):
        load_encoder_weights(build_network(config, seed=0).encoder, config, path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    config = config_of("test_resnet")
    with pytest.raises(WeightsError, match="There is no weights file"):
        load_encoder_weights(build_network(config, seed=0).encoder, config, tmp_path / "none")
