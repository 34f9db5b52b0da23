"""The metadata of adapter files: kohya's `ss_` and `sshs_` entries, and Stability's `modelspec.`.

Sources: library/train_util.py and library/sai_model_spec.py of kohya's sd-scripts, and
github.com/Stability-AI/ModelSpec 1.0.1.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from safetensors.torch import save
from torch import Tensor

from training.diffusion.export.facts import TrainingFacts
from training.diffusion.methods.layers import AdaptedLayer

ARCHITECTURES = {
    "sd15": "stable-diffusion-v1",
    "sd21": "stable-diffusion-v2-768-v",
    "sdxl": "stable-diffusion-xl-v1-base",
    "sd3": "stable-diffusion-3",
    "flux": "flux-1",
}
BASE_VERSIONS = {
    "sd15": "sd_v1",
    "sd21": "sd_v2_768_v",
    "sdxl": "sdxl_base_v1-0",
    "sd3": "sd3",
    "flux": "flux1",
}
PREDICTIONS = {"sd15": "epsilon", "sd21": "v", "sdxl": "epsilon"}

LORA_MODULE = "networks.lora"
LYCORIS_MODULE = "lycoris.kohya"
MIXED = "Dynamic"
"""What kohya's tools write where the layers have different ranks."""


def adapter_metadata(
    family: str,
    kind: str,
    layers: Sequence[AdaptedLayer],
    tensors: Mapping[str, Tensor],
    facts: TrainingFacts,
) -> dict[str, str]:
    """All metadata of an adapter file, with the hashes of its tensors."""
    training = _training(family, kind, layers, facts)
    model_hash, legacy_hash = _hashes(tensors, training)
    hashes = {"sshs_model_hash": model_hash, "sshs_legacy_hash": legacy_hash}
    specification = modelspec(family, "lora", facts) | {"modelspec.hash_sha256": f"0x{model_hash}"}
    return training | hashes | specification | facts.others


def modelspec(family: str, adapter: str, facts: TrainingFacts) -> dict[str, str]:
    """The entries of the ModelSpec; `adapter` is empty for a whole model."""
    architecture = ARCHITECTURES.get(family, family)
    width, height = facts.resolution or (None, None)
    entries = {
        "sai_model_spec": "1.0.1",
        "architecture": f"{architecture}/{adapter}" if adapter else architecture,
        "implementation": "diffusers",
        "title": facts.title,
        "resolution": f"{width}x{height}" if width else "",
        "description": facts.description,
        "author": facts.author,
        "date": _date(facts.finished_at),
        "license": facts.licence,
        "trigger_phrase": facts.trigger,
        "prediction_type": PREDICTIONS.get(family, ""),
        "encoder_layer": _text(facts.clip_skip),
    }
    return {f"modelspec.{name}": text for name, text in entries.items() if text}


def _training(
    family: str, kind: str, layers: Sequence[AdaptedLayer], facts: TrainingFacts
) -> dict[str, str]:
    width, height = facts.resolution or (None, None)
    entries = {
        "network_module": LORA_MODULE if kind == "lora" else LYCORIS_MODULE,
        "network_dim": _common({_text(layer.rank) for layer in layers}),
        "network_alpha": _common({_text(layer.alpha) for layer in layers}),
        "network_args": json.dumps(_arguments(kind)),
        "base_model_version": BASE_VERSIONS.get(family, family),
        "v2": str(family == "sd21"),
        "output_name": facts.title,
        "sd_model_name": facts.base_model,
        "sd_model_hash": facts.base_model_hash[:8],
        "new_sd_model_hash": facts.base_model_hash,
        "resolution": f"({width}, {height})" if width else "",
        "steps": _text(facts.steps),
        "max_train_steps": _text(facts.steps),
        "epoch": _text(facts.epochs),
        "num_epochs": _text(facts.epochs),
        "seed": _text(facts.seed),
        "learning_rate": _text(facts.learning_rate),
        "num_train_images": _text(facts.num_images),
        "clip_skip": _text(facts.clip_skip),
        "min_snr_gamma": _text(facts.min_snr_gamma),
        "training_finished_at": _text(facts.finished_at),
    }
    return {f"ss_{name}": text for name, text in entries.items() if text}


def _arguments(kind: str) -> dict[str, str]:
    if kind == "lokr":
        return {"algo": "lokr"}
    if kind == "dora":
        return {"algo": "lora", "dora_wd": "True", "wd_on_output": "True"}
    return {"algo": "full"} if kind == "full" else {}


def _hashes(tensors: Mapping[str, Tensor], training: Mapping[str, str]) -> tuple[str, str]:
    """SHA-256 of the bytes behind the header, and the short one of older tools.

    Only the `ss_` entries are hashed, so that a user may change the others.
    """
    content = save(dict(tensors), metadata=dict(training))
    begin = 8 + int.from_bytes(content[:8], "little")
    legacy = hashlib.sha256(content[0x100000:0x110000]).hexdigest()[:8]
    return hashlib.sha256(memoryview(content)[begin:]).hexdigest(), legacy


def _common(values: set[str]) -> str:
    return values.pop() if len(values) == 1 else MIXED


def _date(timestamp: float | None) -> str:
    if timestamp is None:
        return ""
    return datetime.fromtimestamp(int(timestamp), UTC).replace(tzinfo=None).isoformat()


def _text(value: float | None) -> str:
    return "" if value is None else str(value)
