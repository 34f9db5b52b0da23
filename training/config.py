"""Settings of a training: validated once, frozen, and named like the MLflow params they become."""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from tracking_plugin.data_roots import NOT_PATHS, PATH_FORMAT, DataRoots, path_params
from training.errors import ConfigError
from training.launchers.registry import LAUNCHERS

PATH: dict[str, JsonValue] = {"format": PATH_FORMAT}
"""Marks a field as a path, which must be in one of the folders of FOVEA_DATA_ROOTS."""


MAX_DELIVERY_TIMEOUT_S = 7 * 86_400
"""A week: machines are paid for while a training waits."""


class Precision(StrEnum):
    """Arithmetic of the forward and backward pass; weights stay float32."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


class FrozenConfig(BaseModel):
    """A configuration; errors are sentences that name the field."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_enum_values=False, allow_inf_nan=False
    )

    recipe_version: ClassVar[int] = 1
    """Raise it when the same settings train differently: runs of another version are not resumed."""

    @field_validator("*")
    @classmethod
    def _make_paths_absolute(cls, value: Any, info: ValidationInfo) -> Any:
        """A path that is stored or sent to another process must hold in any working directory."""
        is_path = cls.model_fields[str(info.field_name)].json_schema_extra == PATH
        if not is_path or value in NOT_PATHS:
            return value
        return os.path.abspath(os.path.expanduser(value))  # noqa: PTH100, PTH111, keeps "~unknown"

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """Validate `values`. Raises ConfigError that lists every wrong field and the expected value."""
        if unreadable := [name for name, value in values.items() if not _is_text(value)]:
            raise ConfigError(
                f"{', '.join(unreadable)}: expected text in UTF-8, which can be stored and shown. "
                "Rename the file or folder, or set LC_ALL=C.UTF-8 if the locale is another one."
            )
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(_sentences(error)) from None

    def require_paths_in(self, roots: DataRoots) -> None:
        """Raise ConfigError that names every path outside the allowed folders."""
        paths = path_params(self.model_json_schema(), self.model_dump(mode="json"))
        refusals = [(name, roots.refusal(path)) for name, path in paths]
        problems = [f"{name}: {reason}" for name, reason in refusals if reason]
        if problems:
            raise ConfigError("; ".join(problems))


class LoopConfig(FrozenConfig):
    """Settings of the torch loop, for all recipes that it trains."""

    epochs: int = Field(50, ge=1, le=1_000_000, description="passes over the training split")
    batch_size: int = Field(32, ge=1, le=65_536, description="samples per rank and micro-batch")
    seed: int = Field(0, ge=0, lt=2**32, description="seed of weights, order and augmentation")
    gradient_accumulation: int = Field(
        1, ge=1, le=65_536, description="micro-batches per optimizer step"
    )
    clip_norm: float = Field(
        0.0, ge=0, le=1e9, description="largest gradient norm; 0 does not clip"
    )
    precision: Precision = Field(
        Precision.AUTO, description="auto is bf16 or fp16 on a GPU, fp32 on a CPU"
    )
    ema_decay: float = Field(
        0.0, ge=0, lt=1, description="decay of the averaged weights that are evaluated; 0 is off"
    )
    compile: bool = Field(False, description="run the model through torch.compile")
    deterministic: bool = Field(False, description="refuse non-deterministic kernels")
    evaluate_every_steps: int = Field(
        0, ge=0, le=10**9, description="0 evaluates at each epoch's end"
    )
    checkpoint_every_steps: int = Field(
        0, ge=0, le=10**9, description="0 saves at each epoch's end"
    )
    keep_last: int = Field(
        2, ge=1, le=10_000, description="newest checkpoints kept beside the best"
    )
    early_stopping_patience: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="evaluations without a better score before stopping; 0 never stops",
    )
    log_every_steps: int = Field(
        1, ge=1, le=10**9, description="optimizer steps between logged points"
    )


REPEATED_ON_RESUME = frozenset(
    {"workers", "gpus", "max_failures", "register_as", "delivery_timeout_s"}
)


class LaunchConfig(FrozenConfig):
    """Where a training runs, and as which MLflow run."""

    recipe: str = Field("retinal", description="what to train")
    launcher: str = Field(
        "ray", description="what starts the ranks", json_schema_extra={"enum": list(LAUNCHERS)}
    )
    workers: int = Field(1, ge=1, le=4096, description="ranks, one per GPU where there are GPUs")
    gpus: bool | None = Field(None, description="train on GPUs; by default where there are any")
    max_failures: int = Field(
        3, ge=0, le=10_000, description="restarts from the last checkpoint after a lost worker"
    )
    experiment_name: str = Field("retinal", min_length=1, description="MLflow experiment")
    run_name: str = Field("", description="name of a new MLflow run")
    run_id: str = Field("", description="MLflow run to resume instead of a new one")
    register_as: str = Field(
        "", description="registry name of the best model; by default fovea-<recipe>"
    )
    delivery_timeout_s: float = Field(
        900,
        gt=0,
        le=MAX_DELIVERY_TIMEOUT_S,
        description="longest wait at the end for the tracking server to accept everything",
    )

    @property
    def repeated(self) -> dict[str, Any]:
        """The given settings that a resumed run repeats, unless it is given others."""
        return self.model_dump(mode="json", include=self.model_fields_set & REPEATED_ON_RESUME)

    def repeating(self, stored: Mapping[str, Any]) -> Self:
        """These settings, with those of `stored` that are not given."""
        new = {name: value for name, value in stored.items() if name not in self.model_fields_set}
        return self.parse({**self.model_dump(include=self.model_fields_set), **new})

    @property
    def model_name(self) -> str:
        """The registry name of the best model."""
        return self.register_as or f"fovea-{self.recipe}"

    @field_validator("launcher")
    @classmethod
    def _require_launcher(cls, name: str) -> str:
        if name not in LAUNCHERS:
            expected = " or ".join(repr(known) for known in LAUNCHERS)
            raise PydanticCustomError(
                "launcher", "Input should be {expected}", {"expected": expected}
            )
        return name


class Split(StrEnum):
    """The three parts of a data set."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class EvaluateConfig(FrozenConfig):
    """Options of the evaluation of a finished run, for all recipes."""

    run_id: str = Field("", description="MLflow run whose best model is scored")
    job_run_id: str = Field("", description="MLflow run on which the evaluation itself reports")
    data: str = Field(
        "",
        description="data set; by default the one the run was trained on",
        json_schema_extra=PATH,
    )
    split: Split = Field(Split.TEST, description="part of the data set to score on")
    num_resamples: int = Field(1000, ge=100, le=100_000, description="bootstrap resamples")
    seed: int = Field(0, ge=0, lt=2**32, description="seed of the bootstrap")
    gpus: bool | None = Field(None, description="score on a GPU; by default where there is one")


def _is_text(value: Any) -> bool:
    """Whether a text can be encoded: Python keeps bytes of an argument that it cannot decode."""
    return not isinstance(value, str) or not any("\ud800" <= c <= "\udfff" for c in value)


def _sentences(error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        field = ".".join(str(part) for part in problem["loc"]) or "settings"
        if problem["type"] == "extra_forbidden":
            parts.append(f"{field} is not a setting of this recipe")
        else:
            came = repr(problem["input"])[:80]
            parts.append(f"{field}: {problem['msg'].lower()}, but {came} came")
    return "; ".join(parts)
