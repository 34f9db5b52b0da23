"""Loads pre-trained backbone weights from a file and refuses a file that does not fit.

Supported are PyTorch's files and safetensors: RETFound's MAE and DINOv2 files, those of timm, and the
checkpoints of common training programs, whose wrappers are taken off.
"""

import logging
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import Tensor, nn

from training.errors import WeightsError
from training.models.backbone import classifier_parameters
from training.models.state_dicts import StateDict, find_state_dict
from training.models.weights_file import read_weights_file

logger = logging.getLogger(__name__)

CHUNKED_BLOCK = re.compile(r"^blocks\.\d+\.(\d+)\.")
"""DINOv2 can store its blocks in chunks; the second number is the block's index."""

PRETRAINING_ONLY = (
    *("decoder_", "decoder.", "mask_token", "dino_head.", "ibot_head.", "lm_head.", "projector"),
    *("head.", "head_", "heads.", "fc.", "fc_norm.", "classifier.", "last_linear.", "norm."),
    *("aux_head.", "AuxLogits.", "pre_logits."),
)
AUXILIARY_HEADS = ("aux_head.", "AuxLogits.")
"""Prefixes of classifiers that only help to train the network, with an output for each class."""
"""Prefixes of tensors that may be in the file and not in the network: heads, and what is before them."""
AFTER_POOLING = ("fc_norm.", "head.norm.")
"""Prefixes of the normalisation before the classifier, which pre-training may not have had."""


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """How the tensors of a file differ from those of a network, by name."""

    weights: StateDict
    missing: Sequence[str]
    unexpected: Sequence[str]
    reshaped: Sequence[str]

    @property
    def num_problems(self) -> int:
        return len(self.missing) + len(self.unexpected) + len(self.reshaped)


def load_backbone_weights(model: nn.Module, path: Path) -> None:
    """Load `path` into `model`, except for its classifier, which keeps its initial weights.

    Raises WeightsError as `read_backbone_weights` does.
    """
    weights = read_backbone_weights(model, path)
    initial = model.load_state_dict(weights, strict=False).missing_keys
    logger.info(
        "Loaded %d tensors from %s; randomly initialised: %s.", len(weights), path.name, initial
    )


def read_backbone_weights(model: nn.Module, path: Path) -> StateDict:
    """Read the tensors in `path` for `model`, which may be on the meta device.

    Position embeddings are interpolated to the model's image size. Raises WeightsError if the file
    cannot be read, if a tensor other than the classifier's is missing, unexpected or of another
    shape, or if a value is no finite number.
    """
    expected = model.state_dict()
    tensors = find_state_dict(read_weights_file(path), expected.keys())
    if not tensors:
        raise WeightsError(f"The weights file {path} contains no tensors by name.")
    best = min(_comparisons(tensors, model, expected), key=lambda found: found.num_problems)
    if best.num_problems:
        raise WeightsError(_mismatch(path, model, best))
    _require_finite(path, best.weights, expected)
    return best.weights


def _comparisons(
    tensors: StateDict, model: nn.Module, expected: StateDict
) -> Iterable[_Comparison]:
    """As the tensors are, and as timm converts those of other programs or image sizes."""
    initial = _initialised_names(model)
    if isinstance(model, VisionTransformer):
        yield _compare(_fit_vision_transformer(tensors, model), expected, initial)
        return
    as_stored = _compare(tensors, expected, initial)
    yield as_stored
    convert = _conversion(model)
    if as_stored.num_problems and convert is not None:
        converted = _converted(convert, tensors, model)
        if converted is not None:
            yield _compare(converted, expected, initial)


def _compare(tensors: StateDict, expected: StateDict, initial: set[str]) -> _Comparison:
    weights = {
        name: tensor
        for name, tensor in tensors.items()
        if name not in initial and (name in expected or not name.startswith(PRETRAINING_ONLY))
    }
    return _Comparison(
        weights=weights,
        missing=sorted(
            name
            for name in expected.keys() - weights.keys() - initial
            if not name.startswith(AFTER_POOLING)
        ),
        unexpected=sorted(weights.keys() - expected.keys()),
        reshaped=sorted(
            name
            for name in weights.keys() & expected.keys()
            if weights[name].shape != expected[name].shape
        ),
    )


_Conversion = Callable[..., StateDict]


def _conversion(model: nn.Module) -> _Conversion | None:
    """The function of timm for files of this architecture, in the module that defines it."""
    module = sys.modules[type(model).__module__]
    convert: _Conversion | None = getattr(module, "checkpoint_filter_fn", None)
    return convert


def _converted(convert: _Conversion, tensors: StateDict, model: nn.Module) -> StateDict | None:
    try:
        converted = convert(dict(tensors), model)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, RuntimeError):
        # It is made for the files that timm knows, and this is another one.
        return None
    return {name: tensor for name, tensor in converted.items() if isinstance(tensor, Tensor)}


def _fit_vision_transformer(tensors: StateDict, model: VisionTransformer) -> StateDict:
    weights = {CHUNKED_BLOCK.sub(r"blocks.\1.", name): tensor for name, tensor in tensors.items()}
    if "cls_token" in weights and "blocks.0.ls1.gamma" not in weights:
        # timm takes the mask token for that of DINOv2, but this is MAE's.
        weights.pop("mask_token", None)
    converted = _converted(checkpoint_filter_fn, weights, model)
    return weights if converted is None else converted


def _initialised_names(model: nn.Module) -> set[str]:
    """Parameters of the classifiers, which the pre-trained values do not replace."""
    classifier = {id(tensor) for tensor in classifier_parameters(model)}
    return {
        name
        for name, tensor in model.named_parameters()
        if id(tensor) in classifier or name.startswith(AUXILIARY_HEADS)
    }


def _require_finite(path: Path, weights: StateDict, expected: StateDict) -> None:
    for name, tensor in weights.items():
        if tensor.is_floating_point() != expected[name].is_floating_point():
            raise WeightsError(
                f"The weights file {path} has the tensor {name} as {tensor.dtype}; expected "
                f"{expected[name].dtype}. Quantised weights cannot be trained."
            )
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise WeightsError(
                f"The weights file {path} has values in the tensor {name} that are no finite numbers, "
                "so the training that wrote it had failed. Use an earlier checkpoint."
            )


def _mismatch(path: Path, model: nn.Module, found: _Comparison) -> str:
    parts = [
        f"{len(names)} {problem} ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
        for problem, names in (
            ("missing", found.missing),
            ("unexpected", found.unexpected),
            ("of another shape", found.reshaped),
        )
        if names
    ]
    return (
        f"The weights file {path} does not fit the configured {type(model).__name__}: "
        f"tensors {', '.join(parts)}. Choose the preset or backbone that the file was made with."
    )
