"""A base model is loaded whole from a pipeline folder, or refused with what to do."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file

from training.diffusion.families.family import Family, load_family
from training.errors import ConfigError, WeightsError

VAE_FILE = Path("vae", "diffusion_pytorch_model.safetensors")
UNET_FILE = Path("unet", "diffusion_pytorch_model.safetensors")
TEXT_FILE = Path("text_encoder", "model.safetensors")


@pytest.fixture
def copy(sd15_folder: Path, tmp_path: Path) -> Path:
    """A pipeline that a test may change."""
    return shutil.copytree(sd15_folder, tmp_path / "copy")


def change_json(path: Path, change: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


def change_tensors(
    path: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]
) -> None:
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def test_all_parts_are_loaded_and_frozen(any_family: Family) -> None:
    parts = [any_family.denoiser, any_family.vae, *any_family.text_encoders.values()]
    assert not any(part.training for part in parts)
    assert not any(tensor.requires_grad for part in parts for tensor in part.parameters())
    assert any_family.pixels_per_cell == 4
    assert any_family.latent_shape(16, 24) == (4, 8, 12)


def test_the_family_is_named_by_the_model(any_family: Family, any_folder: Path) -> None:
    assert any_family.name == any_folder.name
    assert any_family.has_snr == (any_folder.name in {"sd15", "sd21", "sdxl"})
    assert any_family.guidance_is_embedded == (any_folder.name == "flux")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_have_the_chosen_type(dtype: torch.dtype, any_folder: Path) -> None:
    family = load_family(any_folder, dtype=dtype)
    assert {tensor.dtype for tensor in family.denoiser.parameters()} == {dtype}
    # By its configuration the VAE makes no finite numbers in float16.
    vae_type = torch.float32 if dtype == torch.float16 else dtype
    assert {tensor.dtype for tensor in family.vae.parameters()} == {vae_type}


def test_the_names_of_older_versions_are_read(copy: Path, sd15_folder: Path) -> None:
    older = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def older_vae(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        renamed = {}
        for name, tensor in tensors.items():
            old_name = name
            for new, old in older.items():
                old_name = old_name.replace(f"attentions.0.{new}", f"attentions.0.{old}")
            renamed[old_name] = tensor
        return renamed

    def older_text(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        renamed = {f"text_model.{name}": tensor for name, tensor in tensors.items()}
        return renamed | {"text_model.embeddings.position_ids": torch.arange(77)[None]}

    change_tensors(copy / VAE_FILE, older_vae)
    change_tensors(copy / TEXT_FILE, older_text)
    before, after = load_family(sd15_folder), load_family(copy)
    pairs = [*zip(before.vae.parameters(), after.vae.parameters(), strict=True)]
    assert all(torch.equal(one, other) for one, other in pairs)
    prompts = ["a red retina"]
    assert torch.equal(
        before.encode_prompts(prompts)["hidden"], after.encode_prompts(prompts)["hidden"]
    )


def test_weights_in_shards_are_read(copy: Path, sd15_folder: Path) -> None:
    vae = AutoencoderKL.from_pretrained(copy / "vae")
    (copy / VAE_FILE).unlink()
    vae.save_pretrained(copy / "vae", max_shard_size="200KB")
    assert len([*(copy / "vae").glob("*.safetensors")]) > 1
    before, after = load_family(sd15_folder), load_family(copy)
    pairs = [*zip(before.vae.parameters(), after.vae.parameters(), strict=True)]
    assert all(torch.equal(one, other) for one, other in pairs)


def test_a_variant_is_read_where_it_is_the_only_one(copy: Path) -> None:
    for file in (VAE_FILE, UNET_FILE, TEXT_FILE):
        (copy / file).rename((copy / file).with_suffix(".fp16.safetensors"))
    assert load_family(copy).name == "sd15"


def test_sd3_may_be_without_t5(sd3_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sd3_folder, tmp_path / "copy")
    change_json(
        folder / "model_index.json",
        {"text_encoder_3": [None, None], "tokenizer_3": [None, None]},
    )
    without, whole = load_family(folder), load_family(sd3_folder)
    assert list(without.text_encoders) == ["text_encoder", "text_encoder_2"]
    embedding, expected = (family.encode_prompts(["a retina"]) for family in (without, whole))
    assert embedding["hidden"].shape == expected["hidden"].shape
    assert torch.equal(embedding["hidden"][:, :77], expected["hidden"][:, :77])
    assert not embedding["hidden"][:, 77:].any()


def test_t5_without_its_tokenizer_is_refused(sd3_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sd3_folder, tmp_path / "copy")
    change_json(folder / "model_index.json", {"tokenizer_3": [None, None]})
    with pytest.raises(WeightsError, match="names no 'tokenizer_3'"):
        load_family(folder)


def only_pickle(folder: Path) -> None:
    (folder / UNET_FILE).rename(folder / "unet" / "diffusion_pytorch_model.bin")


def cut_in_two(folder: Path) -> None:
    content = (folder / VAE_FILE).read_bytes()
    (folder / VAE_FILE).write_bytes(content[: len(content) // 2])


def without_one_tensor(folder: Path) -> None:
    def drop(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        del tensors["conv_in.weight"]
        return tensors

    change_tensors(folder / UNET_FILE, drop)


def without_one_text_tensor(folder: Path) -> None:
    def drop(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        del tensors["final_layer_norm.weight"]
        return tensors

    change_tensors(folder / TEXT_FILE, drop)


def of_another_shape(folder: Path) -> None:
    change_tensors(folder / UNET_FILE, lambda tensors: tensors | {"conv_in.bias": torch.zeros(3)})


def without_vocabulary(folder: Path) -> None:
    for file in (folder / "tokenizer").iterdir():
        if file.name != "tokenizer_config.json":
            file.unlink()


def with_new_tokens(folder: Path) -> None:
    tokenizer = load_family(folder).tokenizers["tokenizer"]
    tokenizer.add_tokens(["<new>"])
    tokenizer.save_pretrained(folder / "tokenizer")


def set_json(file: str, **change: Any) -> Callable[[Path], None]:
    return lambda folder: change_json(folder / file, change)


def write_index(text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "model_index.json").write_text(text)

    return write


def remove(part: str) -> Callable[[Path], None]:
    return lambda folder: shutil.rmtree(folder / part)


BROKEN: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "no index": (
        lambda folder: (folder / "model_index.json").unlink(),
        "has no model_index.json, so it is no diffusers pipeline",
    ),
    "index of nothing": (
        write_index("{}"),
        "names no '_class_name'",
    ),
    "damaged index": (
        write_index("{"),
        "is no valid JSON",
    ),
    "deep index": (
        write_index("[" * 100_000),
        "is no valid JSON",
    ),
    "unknown pipeline": (
        set_json("model_index.json", _class_name="KandinskyPipeline"),
        "'KandinskyPipeline', which cannot be trained here; expected one of StableDiffusionPipeline, ",
    ),
    "no unet in the index": (set_json("model_index.json", unet=[None, None]), "names no 'unet'"),
    "another VAE": (
        set_json("model_index.json", vae=["diffusers", "AutoencoderTiny"]),
        "'vae' of the base model .* is a AutoencoderTiny; expected a AutoencoderKL",
    ),
    "no unet": (remove("unet"), "has no folder 'unet'"),
    "no vae": (remove("vae"), "has no folder 'vae'"),
    "no tokenizer": (remove("tokenizer"), "has no folder 'tokenizer'"),
    "no scheduler": (remove("scheduler"), "has no folder 'scheduler'"),
    "no weights": (lambda folder: (folder / UNET_FILE).unlink(), "'unet' .* has no weights"),
    "no configuration": (
        lambda folder: (folder / "vae" / "config.json").unlink(),
        "lacks the file .*vae/config.json",
    ),
    "pickle": (only_pickle, "only as diffusion_pytorch_model.bin, which may run code"),
    "cut": (cut_in_two, "The part 'vae' .* cannot be read"),
    "tensor missing": (without_one_tensor, r"'unet' .* 1 missing \(conv_in.weight\)"),
    "text tensor missing": (without_one_text_tensor, r"1 missing \(.*final_layer_norm.weight\)"),
    "other shape": (of_another_shape, "The part 'unet' .* cannot be read: .* do not fit"),
    "no vocabulary": (without_vocabulary, "'tokenizer' .* (cannot be read|has no words)"),
    "more tokens": (with_new_tokens, "they belong to different models"),
    "prediction": (
        set_json("scheduler/scheduler_config.json", prediction_type="sample"),
        "prediction type 'sample'; expected 'epsilon' or 'v_prediction'",
    ),
    "flow": (
        set_json("scheduler/scheduler_config.json", _class_name="FlowMatchEulerDiscreteScheduler"),
        "does not fit a StableDiffusionPipeline",
    ),
    "schedule": (
        set_json("scheduler/scheduler_config.json", beta_schedule="unknown"),
        "settings of the scheduler .* are not usable",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_folder_is_refused(broken: str, copy: Path) -> None:
    change, sentence = BROKEN[broken]
    change(copy)
    with pytest.raises(WeightsError, match=sentence):
        load_family(copy)


def test_an_inpainting_model_is_refused(copy: Path) -> None:
    change_json(copy / "unet" / "config.json", {"in_channels": 9})

    def widen(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return tensors | {"conv_in.weight": torch.zeros(32, 9, 3, 3)}

    change_tensors(copy / UNET_FILE, widen)
    with pytest.raises(WeightsError, match="another task, such as inpainting"):
        load_family(copy)


def test_a_flow_model_with_a_ddpm_schedule_is_refused(flux_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(flux_folder, tmp_path / "copy")
    change_json(folder / "scheduler" / "scheduler_config.json", {"_class_name": "DDIMScheduler"})
    with pytest.raises(WeightsError, match="does not fit a FluxPipeline"):
        load_family(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "model.ckpt"])
def test_a_single_file_is_refused_with_how_to_convert_it(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\0")
    for given in (tmp_path / name, tmp_path):
        with pytest.raises(WeightsError, match=r"is a single file.*from_single_file"):
            load_family(given)


def test_other_paths_are_refused(tmp_path: Path, sd15_folder: Path) -> None:
    with pytest.raises(WeightsError, match="There is no base model"):
        load_family(tmp_path / "nothing")
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(WeightsError, match="is a file; expected the folder"):
        load_family(tmp_path / "notes.txt")
    with pytest.raises(WeightsError, match="a part of the pipeline"):
        load_family(sd15_folder / "unet")


UNFIT: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "clip_skip of sd": ("sd15", {"clip_skip": 4}, "3 layers, so expected 1"),
    "clip_skip below 1": ("sd15", {"clip_skip": 0}, "clip_skip: 0 is out of range"),
    "clip_skip of sdxl": ("sdxl", {"clip_skip": 2}, "leave clip_skip at 1"),
    "clip_skip of flux": ("flux", {"clip_skip": 2}, "leave clip_skip at 1"),
    "tokens of sd": ("sd15", {"max_prompt_tokens": 200}, "max_prompt_tokens: .* leave it out"),
    "tokens of flux": ("flux", {"max_prompt_tokens": 513}, "513 is out of range"),
}


@pytest.mark.parametrize("unfit", UNFIT)
def test_settings_that_a_family_does_not_take_are_named(
    unfit: str, request: pytest.FixtureRequest
) -> None:
    name, settings, sentence = UNFIT[unfit]
    with pytest.raises(ConfigError, match=sentence):
        load_family(request.getfixturevalue(f"{name}_folder"), **settings)


def test_digests_name_what_they_are_keys_of(copy: Path, sd15_folder: Path) -> None:
    before, same = load_family(sd15_folder), load_family(copy)
    assert (before.base_digest, before.vae_digest) == (same.base_digest, same.vae_digest)
    assert before.text_digest == same.text_digest
    change_tensors(
        copy / VAE_FILE, lambda tensors: tensors | {"encoder.conv_in.bias": torch.ones(32)}
    )
    after = load_family(copy)
    assert after.base_digest != before.base_digest
    assert after.vae_digest != before.vae_digest
    assert after.text_digest == before.text_digest


def test_the_digest_of_prompts_covers_how_they_are_read(sd15_folder: Path) -> None:
    plain = load_family(sd15_folder)
    assert load_family(sd15_folder, clip_skip=2).text_digest != plain.text_digest
    assert load_family(sd15_folder, dtype=torch.bfloat16).text_digest != plain.text_digest
    assert load_family(sd15_folder, dtype=torch.bfloat16).vae_digest != plain.vae_digest
