"""Begins a training from an adapter or a new word that was trained before, here or by other programs."""

from pathlib import Path

from safetensors import SafetensorError, safe_open

from training.diffusion.export.diffusers_adapter import read_diffusers
from training.diffusion.export.embeddings import read_embeddings
from training.diffusion.export.kohya_adapter import file_weights, read_kohya
from training.diffusion.methods.textual_inversion import TextualInversionPart
from training.diffusion.methods.trained_part import TrainedPart
from training.errors import WeightsError

KOHYA_PREFIXES = ("lora_unet_", "lora_te_", "lora_te1_", "lora_te2_", "lora_transformer_")


def begin_from(part: TrainedPart, path: Path) -> None:
    """Load the weights in a file. Raises WeightsError if they are of another model, method or rank."""
    if isinstance(part, TextualInversionPart):
        part.load(read_embeddings(path, part.components))
        return
    is_kohya = any(name.startswith(KOHYA_PREFIXES) for name in _names(path))
    read = read_kohya if is_kohya else read_diffusers
    part.load(file_weights(read(path, part.components)))


def _names(path: Path) -> list[str]:
    try:
        with safe_open(path, framework="pt") as file:
            return list(file.keys())
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"adapter: {path.name} is no file of safetensors that can be read: {error}."
        ) from None
