"""Loads the parts of a pipeline folder, from safetensors alone and strictly."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DDPMScheduler, FlowMatchEulerDiscreteScheduler, ModelMixin
from safetensors import SafetensorError
from torch import nn

from training.diffusion.families.pipeline_folder import PipelineFolder
from training.errors import WeightsError

SCHEDULER_FILE = "scheduler_config.json"
NAMED_TENSORS = 3
"""How many tensors an error names."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a pipeline: its folder, and the class that reads it."""

    name: str
    loader: type[Any]
    other_names: Sequence[str] = ()
    """Names that the class had in other versions of its library."""
    may_be_absent: bool = False


def has_part(pipeline: PipelineFolder, part: Part) -> bool:
    """Whether the pipeline has a part that it may be without.

    Raises WeightsError if it lacks a part that it needs, or has one of another class.
    """
    found = pipeline.class_of(part.name)
    if found is None:
        if part.may_be_absent:
            return False
        raise WeightsError(
            f"The base model {pipeline.path} names no '{part.name}' in its index; "
            f"expected a {part.loader.__name__}."
        )
    expected = (part.loader.__name__, *part.other_names)
    if found not in expected:
        raise WeightsError(
            f"The '{part.name}' of the base model {pipeline.path} is a {found}; expected a "
            f"{expected[0]}."
        )
    return True


def load_model(pipeline: PipelineFolder, part: Part, dtype: torch.dtype) -> nn.Module:
    """A part with weights: frozen, in evaluation mode, on the CPU.

    Raises WeightsError if a file is missing or damaged, or if a tensor is missing, unexpected or of
    another shape.
    """
    pipeline.read_json(part.name, "config.json")
    options: dict[str, Any] = {
        "variant": pipeline.weights_variant(part.name),
        "use_safetensors": True,
        "local_files_only": True,
        "output_loading_info": True,
    }
    is_of_diffusers = issubclass(part.loader, ModelMixin)
    if is_of_diffusers:
        # The other way needs accelerate, and leaves tensors without values where some are missing.
        options |= {"torch_dtype": dtype, "low_cpu_mem_usage": False}
    else:
        options |= {"dtype": dtype}
    with _failures(pipeline, part):
        model, report = part.loader.from_pretrained(pipeline.part(part.name), **options)
    _require_complete(pipeline, part, report)
    assert isinstance(model, nn.Module)
    if is_of_diffusers:
        # In this way it may leave tensors as they are in the file.
        nn.Module.to(model, dtype)
    return model.requires_grad_(False).eval()


def load_tokenizer(pipeline: PipelineFolder, part: Part) -> Any:
    """A tokenizer. Raises WeightsError if its files are missing or damaged."""
    folder = pipeline.part(part.name)
    with _failures(pipeline, part):
        tokenizer = part.loader.from_pretrained(folder, local_files_only=True)
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise WeightsError(
            f"The '{part.name}' of the base model {pipeline.path} has no words: the files of its "
            "vocabulary are missing. Copy or download the part again."
        )
    return tokenizer


def require_vocabulary(
    pipeline: PipelineFolder, part: Part, encoder: nn.Module, tokenizer: Any
) -> None:
    """Raise WeightsError if the tokenizer has tokens that its text encoder does not know."""
    embeddings: Any = encoder.get_input_embeddings()  # type: ignore[operator]
    if len(tokenizer) > embeddings.num_embeddings:
        raise WeightsError(
            f"The '{part.name}' of the base model {pipeline.path} knows {embeddings.num_embeddings} "
            f"tokens and its tokenizer has {len(tokenizer)}: they belong to different models."
        )


def load_ddpm_scheduler(pipeline: PipelineFolder) -> DDPMScheduler:
    """The noise schedule of a DDPM, whatever sampler the pipeline has. Raises WeightsError."""
    return _load_scheduler(pipeline, DDPMScheduler)


def load_flow_scheduler(pipeline: PipelineFolder) -> FlowMatchEulerDiscreteScheduler:
    """The noise schedule of flow matching. Raises WeightsError if the pipeline's is another."""
    return _load_scheduler(pipeline, FlowMatchEulerDiscreteScheduler)


def _load_scheduler(pipeline: PipelineFolder, scheduler: type[Any]) -> Any:
    config = pipeline.read_json("scheduler", SCHEDULER_FILE)
    is_flow = "FlowMatch" in str(config.get("_class_name", ""))
    if is_flow != (scheduler is FlowMatchEulerDiscreteScheduler):
        raise WeightsError(
            f"The base model {pipeline.path} has the scheduler {config.get('_class_name')!r}, which "
            f"does not fit a {pipeline.pipeline_class}."
        )
    try:
        return scheduler.from_config(dict(config))
    except (TypeError, ValueError, NotImplementedError, ImportError) as error:
        raise WeightsError(
            f"The settings of the scheduler of the base model {pipeline.path} are not usable: {error}"
        ) from None


@contextmanager
def _failures(pipeline: PipelineFolder, part: Part) -> Iterator[None]:
    try:
        yield
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        RuntimeError,
        SafetensorError,
        ImportError,
    ) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise WeightsError(
            f"The part '{part.name}' of the base model {pipeline.path} cannot be read: its files are "
            f"missing, damaged or do not fit each other ({reason[0]}). Copy or download it again."
        ) from None


def _require_complete(pipeline: PipelineFolder, part: Part, report: dict[str, Any]) -> None:
    # Buffers of older versions are in many files and mean nothing.
    unexpected = [name for name in report["unexpected_keys"] if not name.endswith("position_ids")]
    problems = [
        f"{len(names)} {problem} ({', '.join(names[:NAMED_TENSORS])}"
        f"{', …' if len(names) > NAMED_TENSORS else ''})"
        for problem, names in (
            ("missing", sorted(report["missing_keys"])),
            ("unexpected", sorted(unexpected)),
            ("of another shape", sorted(str(entry[0]) for entry in report["mismatched_keys"])),
        )
        if names
    ]
    if problems:
        raise WeightsError(
            f"The weights of the part '{part.name}' of the base model {pipeline.path} do not fit its "
            f"configuration: tensors {', '.join(problems)}. Copy or download the part again."
        )
