"""Reads a configuration of kohya's sd-scripts: a `--config_file` or a `--dataset_config`, in TOML.

The names below are those of its documentation. A file of settings has any sections, whose names say
nothing; a file of data sets has [general], [[datasets]] and [[datasets.subsets]], of which the inner
ones overrule the outer ones.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.diffusion.data.imports.sample_prompts import take_sample_prompts
from training.diffusion.data.imports.settings_table import (
    ARTIFACT,
    AS_WRITTEN,
    BY_MODEL,
    CACHED,
    HARDWARE,
    LEARNING_RATE,
    MAX_DATASETS,
    OPTIMIZERS,
    PLAIN_NOISE,
    PRECISIONS,
    SCHEDULES,
    SHARE,
    ImportedSettings,
    NotTakenError,
    Rule,
    Table,
    boolean,
    flip_share,
    integer,
    number,
    own_and_classes,
    text,
)
from training.errors import DataError
from training.file_kind import NotAFileError, read_file

MAX_FILE_BYTES = 256 * 1024
MAX_DOTS = 50
"""In a line: Python's parser needs minutes for a key of 10,000 parts."""


def _resolution(value: Any) -> int:
    """A side, or width and height, also as `512,768`; the side of a square of that area."""
    parts = value.split(",") if isinstance(value, str) and len(value) < 32 else value
    sides = parts if isinstance(parts, list) else [parts]
    if not 1 <= len(sides) <= 2:
        raise NotTakenError("expected one side, or width and height")
    pixels = [integer(16, 16_384)(side) for side in sides]
    return int((pixels[0] * pixels[-1]) ** 0.5)


def _largest_factor(value: Any) -> float:
    return 1.0 if boolean(value) else 4.0


SETTINGS: Table = {
    "pretrained_model_name_or_path": Rule("base_model", text),
    "train_data_dir": Rule("data", text),
    "reg_data_dir": Rule("prior_data", text),
    "prior_loss_weight": Rule("prior_weight", number(0, 100)),
    "output_name": Rule("run_name", text),
    "network_dim": Rule("rank", integer(1, 4096)),
    "network_alpha": Rule("alpha", number(0, 1e6)),
    "network_dropout": Rule("dropout", SHARE),
    "learning_rate": Rule("learning_rate", LEARNING_RATE),
    "unet_lr": Rule("learning_rate", LEARNING_RATE),
    "text_encoder_lr": Rule("text_encoder_learning_rate", LEARNING_RATE),
    "optimizer_type": Rule("optimizer", OPTIMIZERS),
    "lr_scheduler": Rule("schedule", SCHEDULES),
    "lr_warmup_steps": Rule("warmup_steps", integer(0)),
    "max_grad_norm": Rule("clip_norm", number(0, 1e9)),
    "max_train_epochs": Rule("epochs", integer(1, 1_000_000)),
    "max_train_steps": Rule("max_steps", integer(1)),
    "train_batch_size": Rule("batch_size", integer(1, 65_536)),
    "batch_size": Rule("batch_size", integer(1, 65_536)),
    "gradient_accumulation_steps": Rule("gradient_accumulation", integer(1, 65_536)),
    "gradient_checkpointing": Rule("gradient_checkpointing", boolean),
    "mixed_precision": Rule("precision", PRECISIONS),
    "seed": Rule("seed", integer(0, 2**32 - 1)),
    "clip_skip": Rule("clip_skip", integer(1, 12)),
    "max_token_length": Rule("max_tokens", integer(75, 225)),
    "min_snr_gamma": Rule("min_snr_gamma", number(0, 1e6)),
    "masked_loss": Rule("masked_loss", boolean),
    "conditioning_data_dir": Rule("masks", text),
    "save_every_n_steps": Rule("checkpoint_every_steps", integer(1)),
    "save_last_n_steps": "the number of kept checkpoints is --keep-last",
    "save_every_n_epochs": "a checkpoint is saved at the end of each epoch",
    "sample_every_n_steps": Rule("sample_every_steps", integer(1)),
    "sample_every_n_epochs": "samples are drawn by steps: --sample-every-steps",
    "sample_sampler": "the sampler is that of the family",
    "resolution": Rule("resolution", _resolution),
    "enable_bucket": Rule("aspect_buckets", boolean),
    "bucket_reso_steps": Rule("bucket_multiple", integer(8, 1024)),
    "min_bucket_reso": Rule("bucket_min_side", integer(16, 16_384)),
    "max_bucket_reso": Rule("bucket_max_side", integer(16, 16_384)),
    "bucket_no_upscale": Rule("most_upscaled", _largest_factor),
    "image_dir": Rule("data", text),
    "num_repeats": Rule("repeats", integer(1, 100_000)),
    "dataset_repeats": Rule("repeats", integer(1, 100_000)),
    "class_tokens": Rule("caption", text),
    "caption_extension": Rule("caption_ending", text),
    "shuffle_caption": Rule("shuffle_tags", boolean),
    "keep_tokens": Rule("keep_tags", integer(0, 1000)),
    "caption_separator": Rule("tag_separator", text),
    "caption_dropout_rate": Rule("caption_dropout", SHARE),
    "flip_aug": Rule("flip", flip_share),
    "random_crop": Rule("random_crop", boolean),
    "cache_latents": CACHED,
    "cache_latents_to_disk": CACHED,
    "cache_text_encoder_outputs": CACHED,
    "alpha_mask": "masks are read from files, transparency is shown on white",
    "color_aug": "colours are not changed: they are a sign of disease",
    "face_crop_aug_range": "there is no crop around faces",
    "caption_tag_dropout_rate": "whole captions are dropped: --caption-dropout",
    "caption_dropout_every_n_epochs": "captions are dropped at random: --caption-dropout",
    "caption_prefix": AS_WRITTEN,
    "caption_suffix": AS_WRITTEN,
    "secondary_separator": "captions have one kind of separator",
    "keep_tokens_separator": "tags that stay in place are given by their number: --keep-tags",
    "enable_wildcard": AS_WRITTEN,
    "skip_image_resolution": "small images are refused or left out by the rules of buckets",
    "resize_interpolation": "images are scaled with Lanczos' filter",
    "noise_offset": PLAIN_NOISE,
    "multires_noise_iterations": PLAIN_NOISE,
    "adaptive_noise_scale": PLAIN_NOISE,
    "zero_terminal_snr": "the schedule is that of the base model",
    "scale_v_pred_loss_like_noise_pred": "use --min-snr-gamma",
    "lr_scheduler_num_cycles": "schedules have one cycle",
    "lr_scheduler_power": "there is no polynomial schedule",
    "optimizer_args": "options of optimizers are not taken over",
    "network_weights": "a training begins with new weights; resume its run instead",
    "resume": "resume the run by its id instead",
    "metadata_file": "captions are read from text files or metadata.jsonl",
    "in_json": "captions are read from text files or metadata.jsonl",
    **dict.fromkeys(
        (
            "v2",
            "v_parameterization",
            "sdxl",
            "model_type",
            "clip_l",
            "clip_g",
            "t5xxl",
            "ae",
            "vae",
        ),
        BY_MODEL,
    ),
    **dict.fromkeys(
        (
            *("output_dir", "logging_dir", "log_prefix", "log_with", "save_model_as"),
            *("save_precision", "save_state", "no_metadata", "training_comment"),
        ),
        ARTIFACT,
    ),
    **dict.fromkeys(
        (
            *("xformers", "sdpa", "mem_eff_attn", "lowram", "lowvram", "full_fp16", "full_bf16"),
            *("max_data_loader_n_workers", "persistent_data_loader_workers", "fp8_base"),
            *("vae_batch_size", "no_half_vae", "highvram", "torch_compile"),
        ),
        HARDWARE,
    ),
    "dataset_config": "read it as a file of its own",
    "cache_info": HARDWARE,
}
"""By kohya's names."""

DEFAULT_ALPHA = 1.0
"""Of kohya's networks, whatever their rank."""

METHODS = {"networks.lora": "lora", "networks.lora_sdxl": "lora", "networks.lora_flux": "lora"}
_LYCORIS = {"lora": "lora", "locon": "lora", "lokr": "lokr"}
_NETWORK_ARGUMENTS: Table = {
    "conv_dim": Rule("conv_rank", integer(1, 4096)),
    "conv_alpha": Rule("conv_alpha", number(0, 1e6)),
    "factor": Rule("lokr_factor", integer(-1, 4096)),
}


def import_kohya(path: Path, *, prompts: Path | None = None) -> ImportedSettings:
    """Our settings of the file at `path`, and of a text file with its sample prompts.

    Raises DataError that names the file if it cannot be read, is longer than MAX_FILE_BYTES or is no
    TOML.
    """
    values = _read(path)
    found = ImportedSettings()
    flat = dict(_flat(values))
    _take_method(flat, found)
    sample_prompts = flat.pop("sample_prompts", None)
    if "unet_lr" in flat:
        flat.pop("learning_rate", None)
    found.take(flat, SETTINGS)
    if "train_data_dir" in flat:
        found.settings["repeats_by_folder"] = True
    if "rank" in found.settings:
        found.settings.setdefault("alpha", DEFAULT_ALPHA)
    _take_datasets(values, found)
    if prompts is not None:
        take_sample_prompts(_text_of(prompts), found)
    elif sample_prompts is not None:
        found.leave("sample_prompts", "they are in another file: name it, or give --sample-prompts")
    return found


def _read(path: Path) -> dict[str, Any]:
    content = _text_of(path)
    if any(line.count(".") > MAX_DOTS for line in content.split("\n")):
        raise DataError(
            f"{path}: expected a configuration in TOML with at most {MAX_DOTS} points in a line, but one has "
            "more."
        )
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        # The rest of the message can quote the file.
        line = str(error).rpartition("(at line ")[2].partition(",")[0]
        where = f" in line {line}" if line.isdigit() else ""
        raise DataError(
            f"{path}: expected a configuration in TOML, but this is none{where}."
        ) from None
    except (ValueError, RecursionError):
        raise DataError(
            f"{path}: expected a configuration in TOML, but a value in it is too large or too deep."
        ) from None


def _text_of(path: Path) -> str:
    expected = f"a text file in UTF-8 of at most {MAX_FILE_BYTES:,} bytes"
    try:
        content = read_file(path, MAX_FILE_BYTES + 1)
    except (NotAFileError, ValueError):
        raise DataError(f"{path}: expected {expected}, but this is no regular file.") from None
    except OSError as error:
        raise DataError(f"{path}: expected {expected}, but {error.strerror}.") from None
    if len(content) > MAX_FILE_BYTES:
        raise DataError(f"{path}: expected {expected}, but it is longer.")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise DataError(f"{path}: expected {expected}, but this is not UTF-8.") from None


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The settings of all sections but those of data sets."""
    for name, value in values.items():
        if name in ("general", "datasets"):
            continue
        if isinstance(value, dict):
            yield from value.items()
        else:
            yield name, value


def _take_method(flat: dict[str, Any], found: ImportedSettings) -> None:
    module = flat.pop("network_module", None)
    arguments = _arguments(flat.pop("network_args", []), found)
    if flat.pop("network_train_unet_only", False) is True:
        found.settings["train_text_encoder"] = False
    algorithm = str(arguments.pop("algo", "lora")).lower()
    is_dora = str(arguments.pop("dora_wd", "false")).lower() == "true"
    methods = _LYCORIS if module == "lycoris.kohya" else METHODS
    method = methods.get(algorithm if methods is _LYCORIS else str(module))
    if method is not None:
        found.settings["method"] = "dora" if is_dora and method == "lora" else method
    elif module is not None:
        name = f"network_module {module}" + (f", algo={algorithm}" if methods is _LYCORIS else "")
        found.leave(name, "the methods are lora, dora, lokr, textual_inversion and full")
    found.take(arguments, _NETWORK_ARGUMENTS, "network_args: ")


def _arguments(values: Any, found: ImportedSettings) -> dict[str, Any]:
    arguments = {}
    for value in values if isinstance(values, list) else [values]:
        name, equals, argument = value.partition("=") if isinstance(value, str) else ("", "", "")
        if equals:
            arguments[name.strip()] = argument.strip()
        else:
            found.leave("network_args", "expected texts such as conv_dim=4")
    return arguments


def _take_datasets(values: Mapping[str, Any], found: ImportedSettings) -> None:
    general = values.get("general", {})
    datasets = [each for each in _list(values.get("datasets")) if isinstance(each, dict)]
    pairs = [
        (dataset, subset)
        for dataset in datasets
        for subset in _list(dataset.get("subsets"))
        if isinstance(subset, dict)
    ]
    if len(pairs) > MAX_DATASETS:
        raise DataError(f"Expected at most {MAX_DATASETS:,} subsets, but {len(pairs):,} came.")
    subsets = [{**_plain(general), **_plain(dataset), **subset} for dataset, subset in pairs]
    if not subsets:
        outer = [general, *datasets[:1]]
        found.take(
            {name: value for each in outer for name, value in _plain(each).items()}, SETTINGS
        )
        return
    own, classes = own_and_classes(subsets, found, "image_dir")
    if own is not None:
        # Without this word, kohya's scripts make every image the square.
        found.take({"enable_bucket": False, **own}, SETTINGS)
    if classes is not None:
        _take_classes(classes, found)


def _take_classes(subset: Mapping[str, Any], found: ImportedSettings) -> None:
    prior = ImportedSettings()
    prior.take(
        {name: value for name, value in subset.items() if name in ("image_dir", "class_tokens")},
        {
            "image_dir": Rule("prior_data", text),
            "class_tokens": Rule("prior_prompt", text),
        },
    )
    found.settings.update(prior.settings)
    if subset.get("num_repeats", 1) != 1:
        found.leave("num_repeats of class images", "each sample has one class image")


def _plain(values: Any) -> dict[str, Any]:
    items = values.items() if isinstance(values, dict) else ()
    return {name: value for name, value in items if name != "subsets"}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
