"""Files of new words, as textual inversion trains them.

With one text encoder a file has one tensor [vectors, width] under the word itself; with several it
has one tensor for each, under the names that SDXL's files and ComfyUI have for the encoders.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from training.diffusion.export.facts import TrainingFacts
from training.diffusion.export.metadata import modelspec
from training.diffusion.export.tensors import prepared, read_tensors, write_tensors
from training.diffusion.methods.components import Components
from training.diffusion.methods.textual_inversion import TextualInversionPart, rows_by_encoder
from training.errors import WeightsError

FILE_NAME = "learned_embeds.safetensors"
TOKEN = "modelspec.trigger_phrase"  # noqa: S105, the name of an entry
ENCODER_KEYS: dict[str, dict[str, str]] = {
    "sdxl": {"text_encoder": "clip_l", "text_encoder_2": "clip_g"},
    "sd3": {"text_encoder": "clip_l", "text_encoder_2": "clip_g", "text_encoder_3": "t5xxl"},
    "flux": {"text_encoder": "clip_l", "text_encoder_2": "t5xxl"},
}
"""By family, the name of each text encoder in the file."""


def write_embeddings(
    part: TextualInversionPart,
    folder: Path,
    facts: TrainingFacts,
    *,
    dtype: torch.dtype = torch.float32,
) -> list[Path]:
    """Write a file for each new word; with several, their number is in the name of the file.

    Raises WeightsError if a number is not finite, or if writing fails.
    """
    paths = []
    for index, placeholder in enumerate(part.placeholders):
        token = placeholder.token
        tensors = prepared(_entries(part, token), dtype)
        specification = modelspec(part.components.family, "textual-inversion", facts)
        name = (
            FILE_NAME if len(part.placeholders) == 1 else f"learned_embeds_{index + 1}.safetensors"
        )
        metadata = {**specification, **facts.others, TOKEN: token}
        paths.append(write_tensors(folder / name, tensors, metadata))
    return paths


def read_embeddings(path: Path, components: Components) -> dict[str, Tensor]:
    """The rows of a word under the names that a part's `load` takes.

    Raises WeightsError if the file is damaged or of another family.
    """
    tensors, metadata = read_tensors(path)
    keys = ENCODER_KEYS.get(components.family)
    if keys is None and len(tensors) == 1:
        ((token, rows),) = tensors.items()
        return {f"{name}.{token}": rows for name in components.text_encoders}
    expected = {keys[name]: name for name in components.text_encoders} if keys else {}
    if TOKEN not in metadata or tensors.keys() != expected.keys():
        raise WeightsError(
            f"{path} has {', '.join(tensors) or 'nothing'}; expected the embeddings of one word for "
            f"{components.family}, with {' and '.join(expected) or 'one tensor'}."
        )
    return {f"{expected[key]}.{metadata[TOKEN]}": rows for key, rows in tensors.items()}


def _entries(part: TextualInversionPart, token: str) -> Mapping[str, Tensor]:
    rows = rows_by_encoder(part, token)
    keys = ENCODER_KEYS.get(part.components.family)
    if keys is None:
        return {token: next(iter(rows.values()))}
    return {keys[name]: tensor for name, tensor in rows.items()}
