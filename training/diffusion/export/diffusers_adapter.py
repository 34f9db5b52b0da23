"""Adapter files in the format of diffusers and peft, which `pipe.load_lora_weights` loads.

The metadata hold the rank and alpha of each layer, as diffusers 0.35 and later write and read them.
Programs that do not read the metadata take every alpha for the rank. LoKr is written as the LoRA
with the same product (`lokr_as_lora`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.diffusion.export.facts import TrainingFacts
from training.diffusion.export.kohya_names import TEXT_MODEL, layer_names, with_text_model
from training.diffusion.export.lokr_as_lora import lora_pair
from training.diffusion.export.metadata import adapter_metadata
from training.diffusion.export.tensors import prepared, read_tensors, write_tensors
from training.diffusion.methods.adapters import (
    MAGNITUDE,
    AdapterPart,
    LayerWeights,
    split_name,
)
from training.diffusion.methods.components import Components
from training.diffusion.methods.layers import (
    AdaptedLayer,
    exact_pattern,
    layer_weight,
    rank_patterns,
)
from training.errors import WeightsError

FILE_NAME = "pytorch_lora_weights.safetensors"
ADAPTER_METADATA = "lora_adapter_metadata"
"""The entry that diffusers reads."""
WEIGHT = ".weight"


def write_diffusers(
    part: AdapterPart, folder: Path, facts: TrainingFacts, *, dtype: torch.dtype = torch.float32
) -> Path:
    """Write the adapters to `folder`. Raises WeightsError if a number is not finite, or writing fails."""
    layers = [_as_lora(part.components, weights) for weights in part.layer_weights()]
    tensors = prepared(dict(_entries(part.components, layers)), dtype)
    kind = "lora" if part.kind == "lokr" else part.kind
    adapted = [weights.layer for weights in layers]
    metadata = adapter_metadata(part.components.family, kind, adapted, tensors, facts)
    peft = json.dumps(_peft_metadata(part.components, adapted, use_dora=part.kind == "dora"))
    return write_tensors(folder / FILE_NAME, tensors, {**metadata, ADAPTER_METADATA: peft})


def read_diffusers(path: Path, components: Components) -> list[LayerWeights]:
    """The adapters in a file, for the layers of a base model.

    Raises WeightsError if the file is damaged, or has something that this model has no place for.
    """
    tensors, metadata = read_tensors(path)
    try:
        settings: Mapping[str, Any] = json.loads(metadata.get(ADAPTER_METADATA, "{}"))
    except ValueError as error:
        raise WeightsError(f"{path}: its entry {ADAPTER_METADATA} is no JSON: {error}.") from error
    by_layer: dict[tuple[str, str], dict[str, Tensor]] = {}
    known = {name: set(layer_names(network)) for name, network in components.networks()}
    for key, tensor in tensors.items():
        component, name, kind = _place(key, known)
        if not name:
            raise WeightsError(
                f"{path} has {key}, for which this model ({components.family}) has no layer. "
                "Expected a LoRA or DoRA in the format of diffusers, trained on the same family."
            )
        by_layer.setdefault((component, name), {})[kind] = tensor
    return [_layer_weights(place, found, settings, path) for place, found in by_layer.items()]


def _as_lora(components: Components, weights: LayerWeights) -> LayerWeights:
    if "lora_A.weight" in weights.tensors:
        return weights
    layer = weights.layer
    network = dict(components.networks())[layer.component]
    pair = lora_pair(weights, layer_weight(network, layer.name).shape)
    rank = len(pair["lora_A.weight"])
    return LayerWeights(layer=replace(layer, rank=rank, alpha=float(rank)), tensors=pair)


def _entries(
    components: Components, layers: Sequence[LayerWeights]
) -> Iterator[tuple[str, Tensor]]:
    for weights in layers:
        layer = weights.layer
        is_denoiser = layer.component == components.denoiser_name
        name = layer.name if is_denoiser else with_text_model(layer.name)
        for kind, tensor in weights.tensors.items():
            # As peft writes it, transformers does not find it.
            ending = WEIGHT if kind == MAGNITUDE and not is_denoiser else ""
            yield f"{layer.component}.{name}.{kind}{ending}", tensor


def _peft_metadata(
    components: Components, layers: Sequence[AdaptedLayer], *, use_dora: bool
) -> dict[str, Any]:
    """The configuration of each network, as diffusers flattens it."""
    settings: dict[str, Any] = {}
    for component in dict.fromkeys(layer.component for layer in layers):
        chosen = [layer for layer in layers if layer.component == component]
        is_denoiser = component == components.denoiser_name
        patterns = rank_patterns(chosen, exact_pattern if is_denoiser else _ending)
        configuration = {
            "r": patterns.rank,
            "lora_alpha": patterns.alpha,
            "rank_pattern": patterns.ranks,
            "alpha_pattern": patterns.alphas,
            "target_modules": [layer.name if is_denoiser else _ending(layer) for layer in chosen],
            "use_dora": use_dora,
        }
        settings |= {f"{component}.{name}": value for name, value in configuration.items()}
    return settings


def _ending(layer: AdaptedLayer) -> str:
    """The end of the name of a text encoder's layer that all versions of transformers have."""
    return layer.name.removeprefix(TEXT_MODEL)


def _place(key: str, known: Mapping[str, Set[str]]) -> tuple[str, str, str]:
    """The network, the layer and the kind of a tensor; no layer if there is none of that name."""
    component = key.partition(".")[0]
    place, kind = split_name(key)
    kind = MAGNITUDE if kind == f"{MAGNITUDE}{WEIGHT}" else kind
    name = place.removeprefix(f"{component}.")
    for spelling in (name, name.removeprefix(TEXT_MODEL), f"{TEXT_MODEL}{name}"):
        if spelling in known.get(component, ()):
            return component, spelling, kind
    return component, "", kind


def _layer_weights(
    place: tuple[str, str], found: dict[str, Tensor], settings: Mapping[str, Any], path: Path
) -> LayerWeights:
    component, name = place
    if not {"lora_A.weight", "lora_B.weight"} <= found.keys():
        raise WeightsError(
            f"{path}: the layer {component}.{name} has only {', '.join(sorted(found))}; expected "
            "lora_A.weight and lora_B.weight. The file is damaged."
        )
    rank = len(found["lora_A.weight"])
    layer = AdaptedLayer(
        component=component, name=name, rank=rank, alpha=_alpha(component, name, rank, settings)
    )
    return LayerWeights(layer=layer, tensors=found)


def _alpha(component: str, name: str, rank: int, settings: Mapping[str, Any]) -> float:
    patterns: Mapping[str, float] = settings.get(f"{component}.alpha_pattern", {})
    for pattern, alpha in patterns.items():
        ending = pattern.removeprefix("^")
        if name == ending or name.endswith(f".{ending}"):
            return float(alpha)
    return float(settings.get(f"{component}.lora_alpha", rank))
