"""Reads the index of a diffusers pipeline folder, and refuses what is none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.errors import WeightsError
from training.file_kind import NotAFileError, read_file

INDEX_FILE = "model_index.json"
MAX_JSON_BYTES = 4 * 2**20
SINGLE_FILES = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf")
"""Endings of a whole model in one file."""
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".msgpack", ".h5")
"""Endings of weights that are not read, because most of them can run code."""


@dataclass(frozen=True, kw_only=True)
class PipelineFolder:
    """A folder that diffusers' `save_pretrained` wrote, of which only the index has been read."""

    path: Path
    index: Mapping[str, Any]

    @property
    def pipeline_class(self) -> str:
        return str(self.index["_class_name"])

    def class_of(self, part: str) -> str | None:
        """The class that the index names for a part, None if the pipeline is without it."""
        entry = self.index.get(part)
        if not isinstance(entry, list) or len(entry) != 2 or entry[1] is None:
            return None
        return str(entry[1])

    def part(self, name: str) -> Path:
        """The folder of a part. Raises WeightsError if it is missing."""
        folder = self.path / name
        if not folder.is_dir():
            raise WeightsError(
                f"The base model {self.path} has no folder '{name}', which a {self.pipeline_class} "
                "needs. Copy or download the whole pipeline again."
            )
        return folder

    def read_json(self, part: str, file: str) -> Mapping[str, Any]:
        """The JSON object in a file of a part. Raises WeightsError."""
        return _read_json(self.part(part) / file)

    def weights_variant(self, part: str) -> str | None:
        """The variant of a part's safetensors, such as `fp16`; None if they are the plain ones.

        Raises WeightsError if the part has no safetensors, or several variants and no plain ones.
        """
        folder = self.part(part)
        stems = {_stem(path) for path in folder.iterdir() if path.name.endswith(".safetensors")}
        if not stems:
            raise WeightsError(_without_safetensors(self.path, folder))
        variants = {stem.partition(".")[2] for stem in stems}
        if "" in variants:
            return None
        if len(variants) > 1:
            raise WeightsError(
                f"The part '{part}' of the base model {self.path} has the variants "
                f"{', '.join(sorted(variants))} and no plain weights; leave only one of them."
            )
        return variants.pop()


def open_pipeline_folder(path: Path) -> PipelineFolder:
    """The pipeline in a folder. Raises WeightsError if it is none, with how to convert what it is."""
    if path.is_file():
        raise WeightsError(_single_file(path))
    if not path.is_dir():
        raise WeightsError(
            f"There is no base model {path}. Expected the folder of a diffusers pipeline, "
            "or the id of one on the Hugging Face hub, as owner/name."
        )
    if not (path / INDEX_FILE).is_file():
        raise WeightsError(_without_index(path))
    index = _read_json(path / INDEX_FILE)
    if not isinstance(index.get("_class_name"), str):
        raise WeightsError(
            f"{path / INDEX_FILE} names no '_class_name'. Expected the index of a diffusers pipeline."
        )
    return PipelineFolder(path=path, index=index)


def _stem(path: Path) -> str:
    """`model` or `model.fp16`, also of a shard such as `model.fp16-00001-of-00002.safetensors`."""
    return path.name.removesuffix(".safetensors").partition("-0")[0]


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        content = read_file(path, MAX_JSON_BYTES + 1)
        if len(content) > MAX_JSON_BYTES:
            raise WeightsError(
                f"{path} is larger than {MAX_JSON_BYTES} bytes; expected a small JSON."
            )
        value = json.loads(content)
    except NotAFileError:
        raise WeightsError(f"{path} is no regular file; expected a JSON file.") from None
    except FileNotFoundError:
        raise WeightsError(f"The base model lacks the file {path}. Download it again.") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise WeightsError(
            f"{path} is no valid JSON: it is damaged or cut. Copy or download it again."
        ) from None
    if not isinstance(value, dict):
        raise WeightsError(f"{path} contains no JSON object. Copy or download it again.")
    return value


def _single_file(path: Path) -> str:
    if path.suffix.lower() in SINGLE_FILES:
        return (
            f"The base model {path} is a single file; expected the folder of a diffusers pipeline. "
            'Convert it once, with the pipeline class of the model: python -c "from diffusers import '
            "StableDiffusionXLPipeline as Pipeline; Pipeline.from_single_file('FILE')"
            ".save_pretrained('FOLDER')\"."
        )
    return f"The base model {path} is a file; expected the folder of a diffusers pipeline."


def _without_index(path: Path) -> str:
    sentence = (
        f"The folder {path} has no {INDEX_FILE}, so it is no diffusers pipeline. Expected the folder "
        "with 'vae', 'tokenizer', 'text_encoder' and 'unet' or 'transformer'."
    )
    single = sorted(file.name for file in path.iterdir() if file.suffix.lower() in SINGLE_FILES)
    if (path.parent / INDEX_FILE).is_file():
        return f"{sentence} It seems to be a part of the pipeline {path.parent}: give that folder."
    if single:
        return f"{sentence} {_single_file(path / single[0])}"
    return sentence


def _without_safetensors(pipeline: Path, part: Path) -> str:
    pickles = sorted(file.name for file in part.iterdir() if file.suffix.lower() in PICKLES)
    if not pickles:
        return (
            f"The part '{part.name}' of the base model {pipeline} has no weights; "
            "expected a .safetensors file. Copy or download it again."
        )
    return (
        f"The part '{part.name}' of the base model {pipeline} has its weights only as {pickles[0]}, "
        "which may run code when it is read; expected .safetensors. If you trust the file, convert "
        'it once: python -c "from diffusers import DiffusionPipeline as Pipeline; '
        "Pipeline.from_pretrained('FOLDER').save_pretrained('NEW_FOLDER')\"."
    )
