"""Reads how a registered classifier is built from its files, without executing code that came with them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import timm
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file

from serving.engine.protocol import FeatureTensors
from training.data.framing import Framing
from training.evidence.schema import ModelEvidence
from training.recording.model_artifacts import EVIDENCE, STATISTICS, WEIGHTS

MODEL_FILE = "MLmodel"
"""MLflow's name of the file that describes a model."""
HOW_TO_REGISTER = "register it with `fovea train` or `python -m training fit`"
MAX_DOCUMENT_BYTES = 64 * 1024**2

S = TypeVar("S", bound=BaseModel)

EXPECTED = (
    "a classifier with the settings backbone, options, classes, image_size, decode_size and framing"
)


class ModelRefusedError(Exception):
    """The registered model cannot be served; the message says what was expected and what came."""


class NetworkOptions(BaseModel):
    """The arguments of `timm.create_model` that a registered model may set; no other is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_classes: int = Field(ge=1, le=100_000)
    img_size: int | None = Field(None, ge=8, le=8192)
    drop_path_rate: float | None = Field(None, ge=0, lt=1)
    global_pool: str | None = Field(None, max_length=40)
    norm_layer: str | None = Field(None, max_length=40)


class ClassifierSettings(BaseModel):
    """The `model_config` that training/recipes/classification/package.py registers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    backbone: str = Field(max_length=200)
    options: NetworkOptions
    classes: tuple[str, ...] = Field(min_length=1, max_length=100_000)
    image_size: int = Field(ge=8, le=8192)
    decode_size: int = Field(ge=8, le=16_384)
    framing: Framing
    modalities: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClassifierFiles:
    """A registered classifier on disk."""

    settings: ClassifierSettings
    weights: Path
    evidence: ModelEvidence
    statistics: FeatureTensors | None
    missing: tuple[str, ...]


class PythonFunction(BaseModel):
    """MLflow's flavour python_function of a model."""

    config: dict[str, Any] = {}
    artifacts: dict[str, dict[str, Any]] = {}


def read_classifier(folder: Path) -> ClassifierFiles:
    """The classifier in a folder of MLflow's. Raises ModelRefusedError."""
    function = read_function(folder)
    settings = _settings(function.config)
    weights = require_weights(folder, function)
    missing: list[str] = []
    evidence = _evidence(_artifact(folder, function, EVIDENCE), settings, missing)
    statistics = _statistics(_artifact(folder, function, STATISTICS), evidence, missing)
    return ClassifierFiles(
        settings=settings,
        weights=weights,
        evidence=evidence,
        statistics=statistics,
        missing=tuple(missing),
    )


def read_function(folder: Path) -> PythonFunction:
    """The description of the model in its folder. Raises ModelRefusedError."""
    try:
        document = yaml.safe_load(_text(folder / MODEL_FILE))
        flavors = document["flavors"]
        return PythonFunction.model_validate(flavors["python_function"])
    except KeyError:
        raise ModelRefusedError(
            f"expected a model of the flavour python_function: {HOW_TO_REGISTER}"
        ) from None
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ModelRefusedError(
            f"its file {MODEL_FILE} cannot be read ({type(error).__name__}): {HOW_TO_REGISTER}"
        ) from None


def require_weights(folder: Path, function: PythonFunction) -> Path:
    """The file of the weights. Raises ModelRefusedError if the model has none."""
    weights = _artifact(folder, function, WEIGHTS)
    if weights is None:
        raise ModelRefusedError(
            f"expected an artifact {WEIGHTS!r} with safetensors, but the model has none: "
            f"{HOW_TO_REGISTER}"
        )
    return weights


def parse_settings(kind: type[S], config: dict[str, Any], expected: str) -> S:
    """The settings of a model as a `kind`. Raises ModelRefusedError, which says what was `expected`."""
    try:
        return kind.model_validate(_without_empty_options(config))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'config'}: {each['msg'].lower()}"
            for each in error.errors()[:5]
        )
        raise ModelRefusedError(
            f"expected {expected}, but {problems}. Other flavours are not served, because that "
            f"would execute their code: {HOW_TO_REGISTER}"
        ) from None


def first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]


def _settings(config: dict[str, Any]) -> ClassifierSettings:
    settings = parse_settings(ClassifierSettings, config, EXPECTED)
    if not timm.is_model(settings.backbone):
        raise ModelRefusedError(
            f"timm {timm.__version__} has no backbone {settings.backbone[:80]!r}: "
            "install the version of timm that the model names in its requirements"
        )
    if settings.options.num_classes != len(settings.classes):
        raise ModelRefusedError(
            f"expected as many outputs as classes, but num_classes is "
            f"{settings.options.num_classes} and there are {len(settings.classes)} classes"
        )
    return settings


def _without_empty_options(config: dict[str, Any]) -> dict[str, Any]:
    options = config.get("options")
    if not isinstance(options, dict):
        return config
    return {**config, "options": {name: value for name, value in options.items() if value != ""}}


def _artifact(folder: Path, function: PythonFunction, name: str) -> Path | None:
    """The file of an artifact, which has to be inside the folder; None if the model has none."""
    entry = function.artifacts.get(name)
    if entry is None:
        return None
    path = (folder / str(entry.get("path", ""))).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise ModelRefusedError(f"its artifact {name!r} is not a file of the model")
    return path


def _evidence(path: Path | None, settings: ClassifierSettings, missing: list[str]) -> ModelEvidence:
    if path is None:
        missing.append(
            "The model was registered without evidence: its probabilities are not calibrated, "
            "nothing was shown of its sensitivity, and it is unknown what it has seen."
        )
        return ModelEvidence()
    try:
        evidence = ModelEvidence.model_validate_json(_text(path))
    except (OSError, ValueError):
        missing.append("The evidence of the model cannot be read, so nothing was shown of it.")
        return ModelEvidence()
    if not _fits(evidence, len(settings.classes)):
        missing.append("The evidence is of another set of classes, so nothing was shown.")
        return ModelEvidence()
    return evidence


def _fits(evidence: ModelEvidence, num_classes: int) -> bool:
    indices = [index for condition in evidence.conditions for index in condition.classes]
    sets = evidence.prediction_sets
    return all(0 <= index < num_classes for index in indices) and (
        sets is None or len(sets.quantiles) == num_classes
    )


def _statistics(
    path: Path | None,
    evidence: ModelEvidence,
    missing: list[str],
) -> FeatureTensors | None:
    limits = evidence.features
    if limits is None:
        # The evidence says why, and without evidence that is said already.
        return None
    if path is None:
        missing.append("The model was registered without the statistics of its features.")
        return None
    try:
        tensors = load_file(path)
        means, precision = tensors["means"], tensors["precision"]
    except (OSError, SafetensorError, KeyError, ValueError):
        missing.append("The statistics of the model's features cannot be read.")
        return None
    size = limits.dimension
    if means.ndim != 2 or means.shape[1] != size or precision.shape != (size, size):
        missing.append("The statistics of the features do not fit the evidence of the model.")
        return None
    return FeatureTensors(means=means, precision=precision)


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise ValueError(f"more than {MAX_DOCUMENT_BYTES} bytes")
    return path.read_text(encoding="utf-8")
