"""Adapter files in kohya's format, for ComfyUI, A1111 and kohya's own scripts.

Per layer: `alpha`, and for LoRA `lora_down.weight` and `lora_up.weight`, for DoRA also
`dora_scale` as LyCORIS has it (one length per output), for LoKr `lokr_w1`, `lokr_w2` or
`lokr_w2_a` and `lokr_w2_b`.

ComfyUI divides such a `dora_scale` by the length of the base model's weight instead of the changed
one's, and A1111 takes it for one length per input. Both add a `diff`, the whole change of a weight,
as it is; a file of them is as large as the layers.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from training.diffusion.export.dora_difference import dora_difference
from training.diffusion.export.facts import TrainingFacts
from training.diffusion.export.kohya_names import kohya_layers, kohya_name
from training.diffusion.export.metadata import adapter_metadata
from training.diffusion.export.tensors import prepared, read_tensors, write_tensors
from training.diffusion.methods.adapters import MAGNITUDE, AdapterPart, LayerWeights
from training.diffusion.methods.components import Components
from training.diffusion.methods.layers import AdaptedLayer, layer_weight
from training.errors import WeightsError

ALPHA = "alpha"
DORA_SCALE = "dora_scale"
DIFFERENCE = "diff"
KOHYA_KINDS = {
    "lora_A.weight": "lora_down.weight",
    "lora_B.weight": "lora_up.weight",
    MAGNITUDE: DORA_SCALE,
}
"""Kohya's words for peft's; those of LoKr are the same."""
PEFT_KINDS = {kohya: peft for peft, kohya in KOHYA_KINDS.items()}
READABLE = {
    *PEFT_KINDS,
    *(f"lokr_{name}" for name in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")),
}
NUM_NAMES_SHOWN = 3


def write_kohya(
    part: AdapterPart,
    path: Path,
    facts: TrainingFacts,
    *,
    dtype: torch.dtype = torch.float32,
    dora_as_difference: bool = False,
) -> Path:
    """Write the adapters. Raises WeightsError if a number is not finite, or if writing fails.

    With `dora_as_difference`, DoRA is written as the whole change of each weight, which cannot be
    read back into an adapter.
    """
    weights = part.layer_weights()
    is_difference = dora_as_difference and part.kind == "dora"
    entries = _differences if is_difference else _entries
    tensors = prepared(dict(entries(part.components, weights)), dtype)
    kind = "full" if is_difference else part.kind
    metadata = adapter_metadata(part.components.family, kind, part.layers, tensors, facts)
    return write_tensors(path, tensors, metadata)


def read_kohya(path: Path, components: Components) -> list[LayerWeights]:
    """The adapters in a file, for the layers of a base model.

    Raises WeightsError if the file is damaged, or has something that this model has no place for.
    """
    tensors, _ = read_tensors(path)
    known = kohya_layers(components)
    by_layer: dict[str, dict[str, Tensor]] = {}
    foreign = []
    for key, tensor in tensors.items():
        name, _, kind = key.partition(".")
        if name in known and (kind == ALPHA or kind in READABLE):
            by_layer.setdefault(name, {})[kind] = tensor
        else:
            foreign.append(key)
    if foreign or not by_layer:
        raise WeightsError(_foreign(path, components, foreign))
    return [_layer_weights(known[name], found, path) for name, found in by_layer.items()]


def file_weights(layers: Sequence[LayerWeights]) -> dict[str, Tensor]:
    """Imported tensors under the names that a part's `load` takes."""
    return {
        f"{weights.layer.key}.{kind}": tensor
        for weights in layers
        for kind, tensor in weights.tensors.items()
    }


def _entries(
    components: Components, layers: Sequence[LayerWeights]
) -> Iterator[tuple[str, Tensor]]:
    for weights in layers:
        name = kohya_name(components, weights.layer.component, weights.layer.name)
        yield f"{name}.{ALPHA}", torch.tensor(weights.layer.alpha)
        for kind, tensor in weights.tensors.items():
            value = _dora_scale(tensor, weights) if kind == MAGNITUDE else tensor
            yield f"{name}.{KOHYA_KINDS.get(kind, kind)}", value


def _differences(
    components: Components, layers: Sequence[LayerWeights]
) -> Iterator[tuple[str, Tensor]]:
    networks = dict(components.networks())
    for weights in layers:
        layer = weights.layer
        name = kohya_name(components, layer.component, layer.name)
        base = layer_weight(networks[layer.component], layer.name)
        yield f"{name}.{DIFFERENCE}", dora_difference(weights, base)


def _dora_scale(magnitude: Tensor, weights: LayerWeights) -> Tensor:
    """Shaped to multiply the layer's weight: [outputs, 1], or [outputs, 1, 1, 1]."""
    num_dims = weights.tensors["lora_A.weight"].dim()
    return magnitude.reshape(-1, *([1] * (num_dims - 1)))


def _layer_weights(place: tuple[str, str], found: dict[str, Tensor], path: Path) -> LayerWeights:
    component, name = place
    tensors = {PEFT_KINDS.get(kind, kind): tensor for kind, tensor in found.items()}
    alpha = tensors.pop(ALPHA, None)
    if (magnitude := tensors.get(MAGNITUDE)) is not None:
        tensors[MAGNITUDE] = _magnitude(magnitude)
    rank = _rank(tensors)
    if rank is None:
        raise WeightsError(
            f"{path}: the layer {component}.{name} has only {', '.join(sorted(found))}, which is no "
            "whole adapter. The file is damaged, or of a method that is not known here."
        )
    scale = float(rank) if alpha is None else float(alpha)
    # Where both factors are whole, the file has the rank as alpha.
    layer = AdaptedLayer(
        component=component, name=name, rank=rank or max(1, round(scale)), alpha=scale
    )
    return LayerWeights(layer=layer, tensors=tensors)


def _magnitude(scale: Tensor) -> Tensor:
    """As peft has it: [outputs] of a linear layer, [1, outputs, 1, 1] of a convolution."""
    return scale.reshape(1, -1, 1, 1) if scale.dim() == 4 else scale.reshape(-1)


def _rank(tensors: dict[str, Tensor]) -> int | None:
    """The rank of an adapter, 0 for two whole Kronecker factors; None if tensors are missing."""
    kinds = set(tensors) - {MAGNITUDE}
    if kinds == {"lora_A.weight", "lora_B.weight"}:
        return int(tensors["lora_A.weight"].shape[0])
    if {"lokr_w1", "lokr_w2_a", "lokr_w2_b"} <= kinds:
        return int(tensors["lokr_w2_b"].shape[0])
    if {"lokr_w1_a", "lokr_w1_b"} <= kinds and kinds & {"lokr_w2", "lokr_w2_a"}:
        return int(tensors["lokr_w1_b"].shape[0])
    return 0 if kinds == {"lokr_w1", "lokr_w2"} else None


def _foreign(path: Path, components: Components, foreign: Sequence[str]) -> str:
    shown = ", ".join(foreign[:NUM_NAMES_SHOWN]) or "nothing"
    more = f" and {len(foreign) - NUM_NAMES_SHOWN} more" if len(foreign) > NUM_NAMES_SHOWN else ""
    return (
        f"{path} has {shown}{more}, for which this model ({components.family}) has no layer, or "
        "which is no adapter. Expected a LoRA, DoRA or LoKr in kohya's format, trained on the same "
        "family."
    )
