"""Encoders of local files: the features that they should give, always the same, and named by content."""

import json
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel

from tests.training.program import Program
from training.data.framing import Framing
from training.diffusion.quality import features
from training.diffusion.quality.encoder_choice import open_encoder, require_choice
from training.diffusion.quality.encoders import clip_encoder, timm_encoder
from training.diffusion.quality.features import Encoder, Picture, encode
from training.errors import ConfigError, DataError, WeightsError
from training.settings import TrainingSettings

SIZE = 32


def pictures(num: int = 5, side: int = SIZE) -> list[Picture]:
    return list(np.random.default_rng(0).integers(0, 256, (num, side, side, 3), dtype=np.uint8))


def weights_file(path: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    network = timm.create_model("test_resnet", pretrained=False, num_classes=7)
    save_file(network.state_dict(), path)
    return path


def opened(path: Path) -> Encoder:
    return timm_encoder("test_resnet", path, image_size=SIZE, framing=Framing.STRETCH)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return opened(weights_file(tmp_path_factory.mktemp("timm") / "weights.safetensors"))


def test_features_of_timm_are_those_before_its_last_layer(encoder: Encoder, tmp_path: Path) -> None:
    found = encode(encoder, pictures())
    network = timm.create_model("test_resnet", pretrained=False, num_classes=0).eval()
    torch.manual_seed(0)
    whole = timm.create_model("test_resnet", pretrained=False, num_classes=7)
    network.load_state_dict({k: v for k, v in whole.state_dict().items() if "fc" not in k})
    pixels = torch.from_numpy(np.stack(pictures())).permute(0, 3, 1, 2).float() / 255
    data = timm.data.resolve_model_data_config(network)
    mean, std = (torch.tensor(data[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        expected = network((pixels - mean) / std).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert found.shape == (5, encoder.identity.dimension)
    assert encoder.identity.name == "timm test_resnet"


def test_the_digest_is_of_the_content(encoder: Encoder, tmp_path: Path) -> None:
    same = opened(weights_file(tmp_path / "copy.safetensors")).identity
    other = opened(weights_file(tmp_path / "other.safetensors", seed=1)).identity
    larger = timm_encoder("test_resnet", tmp_path / "copy.safetensors", image_size=48).identity
    assert same == encoder.identity, "neither its file name nor its last layer matters"
    assert len({encoder.identity.digest, other.digest, larger.digest}) == 3


def test_only_a_batch_of_pictures_is_in_memory(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = encode(encoder, pictures(9))
    monkeypatch.setattr(features, "BATCH_SIZE", 2)
    drawn, most = 0, []

    def stream() -> object:
        nonlocal drawn
        for picture in pictures(9):
            drawn += 1
            yield picture

    forward = encoder.forward

    def counting(pixels: torch.Tensor) -> torch.Tensor:
        most.append((drawn, len(pixels)))
        return forward(pixels)

    object.__setattr__(encoder, "forward", counting)
    try:
        parts = encode(encoder, stream())  # type: ignore[arg-type]
    finally:
        object.__setattr__(encoder, "forward", forward)
    assert most == [(2, 2), (4, 2), (6, 2), (8, 2), (9, 1)]
    np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-6)


def test_mirror_images_have_the_same_features(encoder: Encoder) -> None:
    once = encode(encoder, pictures(), mirrored=True)
    turned = encode(encoder, [picture[::-1, ::-1] for picture in pictures()], mirrored=True)
    np.testing.assert_allclose(once, turned, rtol=1e-4, atol=1e-6)
    assert not np.allclose(once, encode(encoder, pictures()), rtol=1e-3)


def test_repeated_encoding_is_equal_bit_for_bit(encoder: Encoder) -> None:
    np.testing.assert_array_equal(encode(encoder, pictures()), encode(encoder, pictures()))
    assert encode(encoder, []).shape == (0, encoder.identity.dimension)


def test_pictures_of_another_kind_are_refused(encoder: Encoder) -> None:
    with pytest.raises(DataError, match=r"uint8 \[height, width, 3\], but float64 \[4, 4, 3\]"):
        encode(encoder, [np.zeros((4, 4, 3))])  # type: ignore[list-item]
    with pytest.raises(DataError, match=r"but uint8 \[4, 4\]"):
        encode(encoder, [np.zeros((4, 4), np.uint8)])


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    small = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    config = CLIPConfig(
        vision_config={**small, "image_size": SIZE, "patch_size": 8},
        text_config={**small, "vocab_size": 20},
        projection_dim=12,
    )
    folder = tmp_path_factory.mktemp("clip") / "tiny"
    CLIPModel(config).save_pretrained(folder)
    return folder


def test_clip_gives_its_image_embeddings(clip_folder: Path) -> None:
    encoder = clip_encoder(clip_folder, framing=Framing.STRETCH)
    found = encode(encoder, pictures())
    network = CLIPModel.from_pretrained(clip_folder).train(False)
    pixels = torch.from_numpy(np.stack(pictures())).permute(0, 3, 1, 2).float() / 255
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)
    with torch.no_grad():
        pooled = network.vision_model(pixel_values=(pixels - mean) / std).pooler_output
        expected = network.visual_projection(pooled).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert encoder.identity.dimension == 12


def test_clip_uses_the_preparation_of_its_folder(clip_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    for file in clip_folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    prepared = folder / "preprocessor_config.json"
    prepared.write_text(json.dumps({"image_mean": [0.5] * 3, "image_std": [0.5] * 3}))
    own, default = clip_encoder(folder), clip_encoder(clip_folder)
    assert own.identity.digest != default.identity.digest
    prepared.write_text(json.dumps({"image_mean": [0.5], "image_std": [0.5]}))
    with pytest.raises(WeightsError, match="expected image_mean and image_std"):
        clip_encoder(folder)


def test_a_folder_without_safetensors_is_refused(clip_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"config\.json is not there"):
        clip_encoder(tmp_path)
    (tmp_path / "config.json").write_bytes((clip_folder / "config.json").read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickled")
    with pytest.raises(WeightsError, match=r"model\.safetensors is not there"):
        clip_encoder(tmp_path)


def test_a_clip_model_that_lacks_tensors_is_refused(clip_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((clip_folder / "config.json").read_bytes())
    save_file({"logit_scale": torch.ones(1)}, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(WeightsError, match=r"lacks \d+ tensors of its image encoder"):
        clip_encoder(tmp_path)


def test_our_own_classifier_is_opened_by_its_run_and_by_its_version(
    trained: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained.root)
    settings = TrainingSettings(data_dir=trained.root / "fovea")
    run_id = trained.only_run().info.run_id
    by_run = open_encoder(f"run:{run_id}", trained.tracking_uri, settings)
    by_version = open_encoder("model:fovea-retinal/1", trained.tracking_uri, settings)
    assert by_run.identity == by_version.identity
    assert by_run.identity.name == f"run {run_id}"
    assert encode(by_run, pictures()).shape == (5, by_run.identity.dimension)
    with pytest.raises(ConfigError, match="no model 'fovea-retinal' with the version '7'"):
        open_encoder("model:fovea-retinal/7", trained.tracking_uri, settings)


def test_a_clip_model_with_a_tensor_of_another_shape_is_refused(
    clip_folder: Path, tmp_path: Path
) -> None:
    config = json.loads((clip_folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "projection_dim": 20}))
    (tmp_path / "model.safetensors").write_bytes((clip_folder / "model.safetensors").read_bytes())
    with pytest.raises(WeightsError, match=r"such as visual_projection\.weight"):
        clip_encoder(tmp_path)


@pytest.mark.parametrize("choice", ["", "run:", "vgg:x", "timm:resnet18", "model:x", "resnet18"])
def test_another_choice_is_refused_with_the_expected_ones(choice: str) -> None:
    with pytest.raises(ConfigError, match="encoder: expected run:ID of a finished training"):
        require_choice(choice)
