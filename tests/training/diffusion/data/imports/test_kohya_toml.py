"""Kohya's configurations become ours, and what was not taken over is named with the reason."""

import os
import time
from pathlib import Path

import pytest

from training.diffusion.data.imports.kohya_toml import MAX_FILE_BYTES, import_kohya
from training.diffusion.data.imports.settings_table import MAX_NAMED
from training.errors import DataError

TRAINING = """
[model_arguments]
v2 = true
pretrained_model_name_or_path = "/models/sd15"

[additional_network_arguments]
network_module = "networks.lora"
network_dim = 64
network_alpha = 32
unet_lr = 1e-4
text_encoder_lr = 5e-5
network_train_unet_only = true

[optimizer_arguments]
optimizer_type = "AdamW8bit"
learning_rate = 0.5
lr_scheduler = "cosine_with_restarts"
lr_warmup_steps = 100
max_grad_norm = 1.0

[training_arguments]
output_name = "fundus"
train_data_dir = "/data/eyes"
train_batch_size = 6
gradient_accumulation_steps = 2
max_train_epochs = 10
mixed_precision = "fp16"
resolution = "512,768"
seed = 42
min_snr_gamma = 5
xformers = true
flip_aug = true
sample_prompts = "/prompts.txt"
unheard_of = 3
"""

DATASETS = """
[general]
shuffle_caption = true
keep_tokens = 1
caption_extension = ".caption"

[[datasets]]
resolution = 768
batch_size = 4
keep_tokens = 2
enable_bucket = true
bucket_no_upscale = true

  [[datasets.subsets]]
  image_dir = "/data/drusen"
  class_tokens = "sks eye"
  num_repeats = 10
  keep_tokens = 3

  [[datasets.subsets]]
  image_dir = "/data/others"

  [[datasets.subsets]]
  is_reg = true
  image_dir = "/data/reg"
  class_tokens = "an eye"
  num_repeats = 2
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_settings_of_all_sections_are_taken(tmp_path: Path) -> None:
    found = import_kohya(written(tmp_path, TRAINING))
    assert found.settings == {
        "base_model": "/models/sd15",
        "method": "lora",
        "rank": 64,
        "alpha": 32.0,
        "learning_rate": 1e-4,
        "text_encoder_learning_rate": 5e-5,
        "train_text_encoder": False,
        "optimizer": "adamw8bit",
        "warmup_steps": 100,
        "clip_norm": 1.0,
        "run_name": "fundus",
        "data": "/data/eyes",
        "repeats_by_folder": True,
        "batch_size": 6,
        "gradient_accumulation": 2,
        "epochs": 10,
        "precision": "fp16",
        "resolution": 627,
        "seed": 42,
        "min_snr_gamma": 5.0,
        "flip": 0.5,
    }
    reasons = {item.name: item.reason for item in found.not_taken}
    assert set(reasons) == {"v2", "lr_scheduler", "xformers", "sample_prompts", "unheard_of"}
    assert reasons["lr_scheduler"].startswith("expected one of constant")
    assert reasons["unheard_of"] == "this program does not know it"
    assert "not taken over: xformers: chosen for the machine by this program" in found.lines()


def test_inner_settings_of_data_sets_overrule_outer_ones(tmp_path: Path) -> None:
    found = import_kohya(written(tmp_path, DATASETS))
    assert found.settings == {
        "shuffle_tags": True,
        "keep_tags": 3,
        "caption_ending": ".caption",
        "resolution": 768,
        "batch_size": 4,
        "aspect_buckets": True,
        "most_upscaled": 1.0,
        "data": "/data/drusen",
        "caption": "sks eye",
        "repeats": 10,
        "prior_data": "/data/reg",
        "prior_prompt": "an eye",
    }
    assert [item.name for item in found.not_taken] == [
        "image_dir: /data/others",
        "num_repeats of class images",
    ]


def test_defaults_of_kohya_that_are_not_ours_are_said(tmp_path: Path) -> None:
    text = "network_dim = 8\n[[datasets]]\n[[datasets.subsets]]\nimage_dir = '/x'\n"
    settings = import_kohya(written(tmp_path, text)).settings
    assert settings["alpha"] == 1.0
    assert settings["aspect_buckets"] is False


@pytest.mark.parametrize(
    ("module", "arguments", "method"),
    [
        ("lycoris.kohya", ["algo=lokr", "factor=8"], "lokr"),
        ("lycoris.kohya", ["algo=loha"], None),
        ("networks.lora", ["dora_wd=True"], "dora"),
        ("networks.oft", [], None),
    ],
)
def test_the_method_is_that_of_the_module(
    tmp_path: Path, module: str, arguments: list[str], method: str | None
) -> None:
    text = f"network_module = '{module}'\nnetwork_args = {arguments}\n"
    found = import_kohya(written(tmp_path, text))
    assert found.settings.get("method") == method
    assert bool(found.not_taken) is (method is None)
    assert found.settings.get("lokr_factor") == (8 if method == "lokr" else None)


def test_sample_prompts_are_read_from_their_file(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text(
        "# eyes\na fundus --n blurred --w 512 --h 640 --d 7 --l 7.5 --s 28\n\nan OCT\n"
    )
    found = import_kohya(written(tmp_path, "seed = 1"), prompts=prompts)
    assert found.settings["prompts"] == ["a fundus", "an OCT"]
    assert found.settings["negative_prompt"] == "blurred"
    assert (found.settings["sample_width"], found.settings["sample_height"]) == (512, 640)
    assert (found.settings["sample_seed"], found.settings["sample_steps"]) == (7, 28)
    assert found.settings["guidance"] == 7.5
    assert "options of the first one" in found.lines()[0]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("network_dim = 'x'", "expected a number"),
        ("network_dim = 0", "expected a whole number from 1 to 4,096"),
        ("network_dim = 1.5", "expected a whole number"),
        ("network_dim = true", "expected a number"),
        ("network_dim = [4]", "expected a number"),
        ("learning_rate = nan", "expected a number"),
        ("learning_rate = 1e400", "expected a number"),
        ("seed = -1", "expected a whole number"),
        ("flip_aug = 'yes'", "expected true or false"),
        ("output_name = 2020-01-01", "expected a text"),
        ("resolution = [1, 2, 3]", "expected one side"),
        ("network_args = [3]", "expected texts such as"),
    ],
)
def test_a_value_of_another_kind_is_named(tmp_path: Path, line: str, reason: str) -> None:
    found = import_kohya(written(tmp_path, line))
    assert found.settings == {}
    assert reason in found.not_taken[0].reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a = [\n1,\n", "expected a configuration in TOML"),
        (b"a = 1\nb == 2", "this is none in line 2"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a = " + b"[" * 100_000, "TOML"),
        (b"a = " + b"9" * 10_000, "TOML"),
        (b"#" * (MAX_FILE_BYTES + 1), "it is longer"),
        (b"[[datasets]]\n" + b"[[datasets.subsets]]\n" * 2000, "at most 200 subsets"),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        import_kohya(path)


def test_a_pipe_and_a_missing_file_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "gone", "."):
        with pytest.raises(DataError, match="expected a text file"):
            import_kohya(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"k{n} = {n}" for n in range(20_000)),
        ".".join(["a"] * 100_000) + " = 1",
        "\n".join(f"[{'.'.join(['a'] * 20)}.k{n}]" for n in range(4000)),
        f"[{'.'.join(['a'] * 50)}]\n" + "\n".join(f"b{n}=1" for n in range(25_000)),
        "[general]\n"
        + "\n".join(f"k{n} = 1" for n in range(9000))
        + "\n[[datasets]]\n"
        + "[[datasets.subsets]]\n" * 200,
    ],
    ids=["many", "dotted", "tables", "deep", "subsets"],
)
def test_strange_files_take_bounded_time(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text[:MAX_FILE_BYTES])
    start = time.process_time()
    try:
        found = import_kohya(path)
    except DataError:
        return
    finally:
        assert time.process_time() - start < 5
    assert len(found.not_taken) <= MAX_NAMED
