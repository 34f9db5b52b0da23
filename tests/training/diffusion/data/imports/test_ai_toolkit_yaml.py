"""Configurations of ai-toolkit become ours, and what was not taken over is named with the reason."""

import time
from pathlib import Path

import pytest

from training.diffusion.data.imports.ai_toolkit_yaml import import_ai_toolkit
from training.errors import DataError

CONFIG = """
job: extension
config:
  name: "eyes"
  process:
    - type: 'sd_trainer'
      training_folder: "output"
      device: cuda:0
      trigger_word: "p3r5on"
      network: {type: "lora", linear: 16, linear_alpha: 8}
      save: {dtype: float16, save_every: 250, max_step_saves_to_keep: 4}
      datasets:
        - folder_path: "/data/eyes"
          caption_ext: "txt"
          caption_dropout_rate: 0.05
          shuffle_tokens: false
          cache_latents_to_disk: true
          resolution: [512, 768, 1024]
        - folder_path: "/data/class"
          is_reg: true
          default_caption: "an eye"
      train:
        batch_size: 1
        steps: 2000
        gradient_accumulation_steps: 4
        train_text_encoder: false
        gradient_checkpointing: true
        noise_scheduler: "flowmatch"
        optimizer: "adamw8bit"
        optimizer_params: {weight_decay: 0.01, betas: [0.9, 0.99]}
        lr: 1e-4
        ema_config: {use_ema: true, ema_decay: 0.99}
        dtype: bf16
      model: {name_or_path: "/models/flux", is_flux: true, quantize: true}
      sample:
        sampler: "flowmatch"
        sample_every: 250
        width: 1024
        height: 1024
        prompts: ["[trigger] with drusen", "an OCT"]
        neg: ""
        seed: 42
        walk_seed: true
        guidance_scale: 4
        sample_steps: 20
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def test_the_settings_of_the_first_process_are_taken(tmp_path: Path) -> None:
    found = import_ai_toolkit(written(tmp_path, CONFIG))
    assert found.settings == {
        "run_name": "eyes",
        "method": "lora",
        "rank": 16,
        "alpha": 8.0,
        "checkpoint_every_steps": 250,
        "keep_last": 4,
        "data": "/data/eyes",
        "caption_ending": "txt",
        "caption_dropout": 0.05,
        "shuffle_tags": False,
        "resolution": 1024,
        "prior_data": "/data/class",
        "prior_prompt": "an eye",
        "batch_size": 1,
        "max_steps": 2000,
        "gradient_accumulation": 4,
        "train_text_encoder": False,
        "gradient_checkpointing": True,
        "optimizer": "adamw8bit",
        "weight_decay": 0.01,
        "learning_rate": 1e-4,
        "ema_decay": 0.99,
        "precision": "bf16",
        "base_model": "/models/flux",
        "sample_every_steps": 250,
        "sample_width": 1024,
        "sample_height": 1024,
        "prompts": ["p3r5on with drusen", "an OCT"],
        "negative_prompt": "",
        "sample_seed": 42,
        "guidance": 4.0,
        "sample_steps": 20,
    }
    assert {item.name for item in found.not_taken} == {
        "training_folder",
        "device",
        "trigger_word",
        "save.dtype",
        "datasets.cache_latents_to_disk",
        "datasets.resolution 512, 768",
        "train.noise_scheduler",
        "train.optimizer_params.betas",
        "model.is_flux",
        "model.quantize",
        "sample.sampler",
        "sample.walk_seed",
    }


def minimal(process: str) -> str:
    return f"config: {{process: [{{type: sd_trainer, {process}}}]}}"


def test_without_a_network_all_weights_are_trained(tmp_path: Path) -> None:
    assert import_ai_toolkit(written(tmp_path, minimal("train: {}"))).settings == {"method": "full"}


def test_an_average_is_kept_only_where_it_is_switched_on(tmp_path: Path) -> None:
    text = minimal("train: {ema_config: {use_ema: false, ema_decay: 0.9}}")
    assert "ema_decay" not in import_ai_toolkit(written(tmp_path, text)).settings


def test_prompts_are_bounded(tmp_path: Path) -> None:
    prompts = [f"p{n}" for n in range(20)] + ["x" * 2000]
    text = minimal(f"sample: {{prompts: {prompts}, samples: [{{prompt: last}}]}}")
    found = import_ai_toolkit(written(tmp_path, text))
    assert found.settings["prompts"] == [f"p{n}" for n in range(16)]
    assert len(found.not_taken) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has none"),
        ("[]", "has none"),
        ("config: {process: []}", "has none"),
        ("config: {process: [3]}", "has none"),
        ("a: [", "not YAML in line"),
        ("[" * 100, "nested too deeply"),
        ("#" * 70_000, "longer"),
        ("a: !!python/object/apply:os.system [id]", "not YAML"),
    ],
)
def test_files_that_cannot_be_used_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        import_ai_toolkit(written(tmp_path, text))


def test_aliases_that_multiply_are_refused_in_a_moment(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 15)]
    start = time.process_time()
    with pytest.raises(DataError, match="more than 50,000 values"):
        import_ai_toolkit(written(tmp_path, "\n".join(lines)))
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "process",
    [
        "network: 3, save: [], datasets: {}, train: null, model: x, sample: []",
        "datasets: [3, null, {resolution: [a, true]}], 5: 6, train: {7: 8}",
        "network: {type: [lora], linear: {a: 1}}, sample: {prompts: 3, samples: 4}",
    ],
)
def test_sections_of_another_kind_end_nothing(tmp_path: Path, process: str) -> None:
    assert "rank" not in import_ai_toolkit(written(tmp_path, minimal(process))).settings
