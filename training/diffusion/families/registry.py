"""The registry of families. A new family is one file and one line here.

An adapter of Qwen-Image or Z-Image goes here as `QwenImagePipeline` or `ZImagePipeline`: both are
flow-matching transformers, so each is a FlowMatchingFamily with its own text encoder and `predict`.
"""

import importlib
from typing import Any

from training.errors import WeightsError

FAMILIES: dict[str, str] = {
    "StableDiffusionPipeline": "training.diffusion.families.stable_diffusion:StableDiffusionFamily",
    "StableDiffusionXLPipeline": "training.diffusion.families.sdxl:SdxlFamily",
    "StableDiffusion3Pipeline": "training.diffusion.families.sd3:Sd3Family",
    "FluxPipeline": "training.diffusion.families.flux:FluxFamily",
}
"""Module and class of the adapter of each pipeline class; imported on use, because it needs diffusers."""


def family_class(pipeline_class: str) -> type[Any]:
    """The adapter of a diffusers pipeline class. Raises WeightsError if there is none."""
    if pipeline_class not in FAMILIES:
        raise WeightsError(
            f"The base model is a {pipeline_class!r}, which cannot be trained here; "
            f"expected one of {', '.join(FAMILIES)}."
        )
    module, class_name = FAMILIES[pipeline_class].split(":")
    adapter: type[Any] = getattr(importlib.import_module(module), class_name)
    return adapter
