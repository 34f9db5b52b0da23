"""Reads a configuration of ai-toolkit: the first process of `config.process`, in YAML.

The names below are `section.setting` of its examples.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.diffusion.data.imports.settings_table import (
    ARTIFACT,
    BY_MODEL,
    CACHED,
    DRAWN_TIMES,
    HARDWARE,
    LEARNING_RATE,
    MAX_DATASETS,
    OPTIMIZERS,
    PLAIN_NOISE,
    PRECISIONS,
    SCHEDULES,
    SHARE,
    ImportedSettings,
    Rule,
    Table,
    boolean,
    choice,
    flip_share,
    integer,
    named,
    number,
    own_and_classes,
    text,
)
from training.errors import DataError
from training.taxonomies.plain_yaml import read_yaml

SETTINGS: Table = {
    "model.name_or_path": Rule("base_model", text),
    "network.type": Rule("method", choice({"lora": "lora", "dora": "dora", "lokr": "lokr"})),
    "network.linear": Rule("rank", integer(1, 4096)),
    "network.rank": Rule("rank", integer(1, 4096)),
    "network.linear_alpha": Rule("alpha", number(0, 1e6)),
    "network.alpha": Rule("alpha", number(0, 1e6)),
    "network.conv": Rule("conv_rank", integer(1, 4096)),
    "network.conv_alpha": Rule("conv_alpha", number(0, 1e6)),
    "network.dropout": Rule("dropout", SHARE),
    "network.lokr_factor": Rule("lokr_factor", integer(-1, 4096)),
    "network.lokr_full_rank": "the rank is given by --rank",
    "network.network_kwargs": "layers are chosen by the method",
    "save.save_every": Rule("checkpoint_every_steps", integer(1)),
    "save.max_step_saves_to_keep": Rule("keep_last", integer(1, 10_000)),
    "train.batch_size": Rule("batch_size", integer(1, 65_536)),
    "train.steps": Rule("max_steps", integer(1)),
    "train.gradient_accumulation_steps": Rule("gradient_accumulation", integer(1, 65_536)),
    "train.gradient_accumulation": Rule("gradient_accumulation", integer(1, 65_536)),
    "train.train_text_encoder": Rule("train_text_encoder", boolean),
    "train.gradient_checkpointing": Rule("gradient_checkpointing", boolean),
    "train.optimizer": Rule("optimizer", OPTIMIZERS),
    "train.optimizer_params.weight_decay": Rule("weight_decay", number(0, 10)),
    "train.lr": Rule("learning_rate", LEARNING_RATE),
    "train.unet_lr": Rule("learning_rate", LEARNING_RATE),
    "train.text_encoder_lr": Rule("text_encoder_learning_rate", LEARNING_RATE),
    "train.lr_scheduler": Rule("schedule", SCHEDULES),
    "train.lr_scheduler_params.warmup_steps": Rule("warmup_steps", integer(0)),
    "train.lr_scheduler_params.num_warmup_steps": Rule("warmup_steps", integer(0)),
    "train.max_grad_norm": Rule("clip_norm", number(0, 1e9)),
    "train.min_snr_gamma": Rule("min_snr_gamma", number(0, 1e6)),
    "train.dtype": Rule("precision", PRECISIONS),
    "train.ema_config.ema_decay": Rule("ema_decay", number(0, 0.9999999)),
    "train.seed": Rule("seed", integer(0, 2**32 - 1)),
    "train.disable_sampling": "samples are drawn only if there are prompts and --sample-every-steps",
    "train.skip_first_sample": "samples are drawn once the checkpoint of their step is safe",
    "train.noise_scheduler": BY_MODEL,
    "train.timestep_type": DRAWN_TIMES,
    "train.linear_timesteps": DRAWN_TIMES,
    "train.content_or_style": DRAWN_TIMES,
    "train.noise_offset": PLAIN_NOISE,
    "train.loss_type": "the loss is the squared error",
    "datasets.folder_path": Rule("data", text),
    "datasets.dataset_path": Rule("data", text),
    "datasets.mask_path": Rule("masks", text),
    "datasets.mask_min_value": "black in a mask counts nothing",
    "datasets.default_caption": Rule("caption", text),
    "datasets.caption_ext": Rule("caption_ending", text),
    "datasets.caption_dropout_rate": Rule("caption_dropout", SHARE),
    "datasets.shuffle_tokens": Rule("shuffle_tags", boolean),
    "datasets.num_repeats": Rule("repeats", integer(1, 100_000)),
    "datasets.flip_x": Rule("flip", flip_share),
    "datasets.random_crop": Rule("random_crop", boolean),
    "datasets.buckets": Rule("aspect_buckets", boolean),
    "datasets.bucket_tolerance": Rule("bucket_multiple", integer(8, 1024)),
    "datasets.flip_y": "images are flipped from left to right only: --flip",
    "datasets.alpha_mask": "masks are read from files, transparency is shown on white",
    "datasets.token_dropout_rate": "whole captions are dropped: --caption-dropout",
    "datasets.control_path": "there is no control image",
    "datasets.network_weight": "all images have one weight",
    "sample.sample_every": Rule("sample_every_steps", integer(1)),
    "sample.width": Rule("sample_width", integer(16, 16_384)),
    "sample.height": Rule("sample_height", integer(16, 16_384)),
    "sample.neg": Rule("negative_prompt", text),
    "sample.seed": Rule("sample_seed", integer(0, 2**32 - 1)),
    "sample.guidance_scale": Rule("guidance", number(0, 100)),
    "sample.sample_steps": Rule("sample_steps", integer(1, 1000)),
    "sample.sampler": "the sampler is that of the family",
    "sample.walk_seed": "every prompt keeps its seed, so that its samples can be compared",
    "sample.sample_start_step": "samples are drawn from the first step on",
    **dict.fromkeys(
        (
            *("model.is_flux", "model.is_xl", "model.is_v2", "model.is_v3", "model.is_v_pred"),
            *("model.arch", "model.is_pixart", "model.is_auraflow"),
        ),
        BY_MODEL,
    ),
    **dict.fromkeys(
        (
            *("model.quantize", "model.quantize_te", "model.qtype", "model.low_vram"),
            *("device", "train.xformers", "train.sdp", "performance_log_every"),
        ),
        HARDWARE,
    ),
    **dict.fromkeys(
        (
            *("save.dtype", "save.save_format", "save.push_to_hub", "save.hf_repo_id"),
            *("save.hf_private", "training_folder", "sqlite_db_path"),
        ),
        ARTIFACT,
    ),
    **dict.fromkeys(
        (
            *("datasets.cache_latents_to_disk", "datasets.cache_latents"),
            *("datasets.cache_text_embeddings", "train.cache_text_embeddings"),
        ),
        CACHED,
    ),
}
"""By ai-toolkit's names, with the section before the point; those outside of sections have none."""

DEFAULT_ALPHA = 1.0
"""Of ai-toolkit's networks, whatever their rank."""

_SECTIONS = ("network", "save", "train", "model", "sample", "datasets")
_NESTED = ("train.ema_config", "train.optimizer_params", "train.lr_scheduler_params")
_EXPECTED = "a configuration of ai-toolkit, with config: process: and a list"


def import_ai_toolkit(path: Path) -> ImportedSettings:
    """Our settings of the file at `path`. Raises DataError that names the file, and the line if known."""
    values, num_processes, name = _process(read_yaml(path, expected=_EXPECTED), path)
    found = ImportedSettings()
    if isinstance(name, str):
        found.settings["run_name"] = name[:200]
    if num_processes > 1:
        found.leave("config.process", f"only the first of {num_processes} is trained")
    kind = values.pop("type", None)
    if kind not in ("sd_trainer", "diffusion_trainer", "ui_trainer"):
        found.leave(f"type {kind}", "only trainings are taken over")
    trigger = values.pop("trigger_word", None)
    sections = {section: _mapping(values.pop(section, {})) for section in _SECTIONS[:-1]}
    datasets = values.pop("datasets", [])
    _take_prompts(sections["sample"], trigger, found)
    _take_full(sections, found)
    if "unet_lr" in sections["train"]:
        sections["train"].pop("lr", None)
    found.take(values, SETTINGS)
    for section, settings in sections.items():
        found.take(_flat(section, settings), SETTINGS)
    if "rank" in found.settings:
        found.settings.setdefault("alpha", DEFAULT_ALPHA)
    _take_datasets(datasets, found)
    return found


def _process(document: object, path: Path) -> tuple[dict[str, Any], int, object]:
    match document:
        case {"config": {"process": [{**process}, *others], **config}}:
            return _mapping(process), 1 + len(others), config.get("name")
    raise DataError(f"{path}: expected {_EXPECTED} of at least one process, but this has none.")


def _take_prompts(sample: dict[str, Any], trigger: object, found: ImportedSettings) -> None:
    prompts = sample.pop("prompts", [])
    prompts = prompts if isinstance(prompts, list) else []
    samples = sample.pop("samples", [])
    for each in samples if isinstance(samples, list) else []:
        prompts = [*prompts, each.get("prompt") if isinstance(each, dict) else each]
    if isinstance(trigger, str):
        prompts = [
            prompt.replace("[trigger]", trigger) if isinstance(prompt, str) else prompt
            for prompt in prompts[:1000]
        ]
        found.leave("trigger_word", "captions are used as they are written: write it into them")
    found.take_prompts("sample.prompts", prompts)


def _take_full(sections: Mapping[str, dict[str, Any]], found: ImportedSettings) -> None:
    """Without a network, all weights are trained; an average is kept only if it is switched on."""
    if not sections["network"]:
        found.settings["method"] = "full"
    train = sections["train"]
    if train.pop("train_unet", True) is False:
        found.leave("train.train_unet", "a method always trains the denoiser")
    average = _mapping(train.get("ema_config", {}))
    if average.pop("use_ema", False) is not True:
        average.pop("ema_decay", None)
    train["ema_config"] = average


def _take_datasets(datasets: object, found: ImportedSettings) -> None:
    all_sets = [_mapping(each) for each in datasets] if isinstance(datasets, list) else []
    if len(all_sets) > MAX_DATASETS:
        raise DataError(f"Expected at most {MAX_DATASETS:,} datasets, but {len(all_sets):,} came.")
    own, classes = own_and_classes(all_sets, found, "folder_path")
    if own is not None:
        _take_resolution(own, found)
        found.take(_flat("datasets", own), SETTINGS)
    if classes is not None:
        taken = ("folder_path", "default_caption")
        found.take(
            {name: classes[name] for name in taken if name in classes},
            {
                "folder_path": Rule("prior_data", text),
                "default_caption": Rule("prior_prompt", text),
            },
            "datasets of class images: ",
        )


def _take_resolution(dataset: dict[str, Any], found: ImportedSettings) -> None:
    value = dataset.pop("resolution", None)
    sides = value if isinstance(value, list) else [value]
    numbers = [side for side in sides if isinstance(side, int) and not isinstance(side, bool)]
    if value is not None:
        largest = max(numbers, default=None)
        table = {"resolution": Rule("resolution", integer(16, 16_384))}
        found.take({"resolution": largest}, table, "datasets.")
        if others := [side for side in sides if side != largest]:
            found.leave(f"datasets.resolution {named(others)}", "one resolution is trained")


def _flat(section: str, values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        full = f"{section}.{name}"
        if full in _NESTED and isinstance(value, dict):
            flat |= {f"{full}.{inner}": each for inner, each in value.items()}
        else:
            flat[full] = value
    return flat


def _mapping(value: object) -> dict[str, Any]:
    return {str(name): each for name, each in value.items()} if isinstance(value, dict) else {}
