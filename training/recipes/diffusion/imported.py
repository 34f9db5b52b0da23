"""Makes settings of this recipe from configurations of other trainers, and says what they leave out."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.diffusion.data.imports.ai_toolkit_yaml import import_ai_toolkit
from training.diffusion.data.imports.kohya_toml import import_kohya
from training.diffusion.data.imports.settings_table import ImportedSettings
from training.errors import ConfigError
from training.recipes.diffusion.config import DiffusionConfig

RENAMED = {
    "aspect_buckets": "buckets",
    "guidance": "sample_guidance",
    "most_upscaled": "most_enlarged",
    "prior_data": "class_data",
    "prior_prompt": "class_caption",
    "train_text_encoder": "train_text_encoders",
}
LEFT_OUT = {
    "bucket_max_side": "buckets follow from the resolution",
    "bucket_min_side": "buckets follow from the resolution",
    "bucket_multiple": "it follows from the base model",
    "conv_alpha": "convolutions have the alpha of the other layers; see --targets all",
    "conv_rank": "convolutions have the rank of the other layers; see --targets all",
    "lokr_factor": "the factors are as square as possible",
    "masked_loss": "masks are used where there are any",
    "max_steps": "give --epochs; the data report says how many steps they have",
    "max_tokens": "the number of the family is used",
    "negative_prompt": "drawings have none",
    "repeats": "name folders such as 10_drusen, with --repeats-by-folder",
    "run_name": "give --run-name",
    "sample_height": "drawings are square; give --sample-size",
    "sample_seed": "drawings begin from --seed",
    "sample_width": "drawings are square; give --sample-size",
    "tag_separator": "tags are divided by commas",
}


def import_settings(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Settings of this recipe, and a line for each setting that was not taken over.

    Raises ConfigError for a file of another kind, and DataError that says what is wrong with it.
    """
    readers = {".toml": import_kohya, ".yaml": import_ai_toolkit, ".yml": import_ai_toolkit}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ConfigError(
            f"{path.name}: expected a configuration of kohya's scripts (.toml) or of ai-toolkit "
            "(.yaml)."
        )
    found: ImportedSettings = reader(path)
    settings = _own(found)
    return settings, found.lines()


def command_line(settings: Mapping[str, Any]) -> str:
    """The command that trains with these settings."""
    flags = [
        f"--{name.replace('_', '-')} {shlex.quote(_text(value))}"
        for name, value in settings.items()
    ]
    return " \\\n  ".join(["python -m training fit --recipe diffusion", *flags])


def _own(found: ImportedSettings) -> dict[str, Any]:
    own: dict[str, Any] = {}
    given = dict(found.settings)
    if prompts := given.pop("prompts", None):
        own["sample_prompts"] = "\n".join(" ".join(str(prompt).split()) for prompt in prompts)
    if (base := given.pop("base_model", None)) is not None:
        own["base_model" if _is_path(str(base)) else "base_model_id"] = base
    if "flip" in given:
        own["flip"] = given.pop("flip") > 0
    _take_text_rate(given, own)
    for name, value in given.items():
        target = RENAMED.get(name, name)
        if target in DiffusionConfig.model_fields:
            own[target] = value
        else:
            found.leave(name, LEFT_OUT.get(name, "this recipe has no such setting"))
    return own


def _take_text_rate(given: dict[str, Any], own: dict[str, Any]) -> None:
    """Other trainers have a learning rate of the text encoders, this recipe a factor."""
    rate = given.pop("text_encoder_learning_rate", 0)
    if rate and given.get("learning_rate"):
        own["text_encoder_lr_scale"] = rate / given["learning_rate"]


def _is_path(base: str) -> bool:
    return base.startswith(("/", ".", "~")) or base.count("/") != 1 or Path(base).exists()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
