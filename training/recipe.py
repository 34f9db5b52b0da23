"""What the loop asks of the thing that is trained, and of the one who keeps the record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

from training.config import EvaluateConfig, LoopConfig
from training.process import Process


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """One micro-batch: the loss to differentiate and the scalars to log, each a mean over it."""

    loss: Tensor
    scalars: Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class EvaluationResult:
    """An evaluation over all ranks; `score` selects the best model, higher is better."""

    metrics: Mapping[str, float]
    score: float
    document: Mapping[str, Any] = field(default_factory=dict)
    images: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)


class Recipe(Protocol):
    """What is trained. All ranks hold one, built alike; `evaluate` is a collective."""

    @property
    def config(self) -> LoopConfig: ...

    @property
    def model(self) -> nn.Module: ...

    @property
    def steps_per_epoch(self) -> int: ...

    @property
    def samples_per_step(self) -> int:
        """Samples that all ranks together see in one optimizer step."""

    def build_optimizer(self) -> Optimizer:
        """The optimizer; each group's `lr_scale` multiplies the learning rate."""

    def learning_rate(self, step: int) -> float:
        """The learning rate of the optimizer step that follows `step` finished ones."""

    def batches(self, first_step: int) -> Iterator[Sequence[Any]]:
        """Endless: per optimizer step this rank's micro-batches, beginning with `first_step`."""

    def train_mode(self, model: nn.Module) -> None:
        """Put `model` into training mode, but for the parts that stay frozen."""

    def training_step(self, model: nn.Module, batch: Any) -> StepResult: ...

    def evaluate(self, model: nn.Module, *, step: int, epoch: int) -> EvaluationResult: ...


class Tracker(Protocol):
    """Takes what rank 0 records; never waits for a network."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None: ...

    def expedite(self) -> None:
        """Have what was logged so far on its way now, instead of gathering more for one request."""

    def log_json(self, value: object, artifact_path: str) -> None: ...

    def log_image(self, image: np.ndarray[Any, Any], key: str, step: int) -> None: ...


class Checkpoints(Protocol):
    """Where checkpoints are kept; rank 0 writes, every rank reads."""

    def latest(self) -> str | None:
        """Name of the newest whole checkpoint."""

    def path(self, name: str) -> Path:
        """A local folder that holds the checkpoint `name`."""

    def save(
        self,
        tensors: Mapping[str, Mapping[str, Tensor]],
        state: Mapping[str, Any],
        *,
        step: int,
        is_best: bool,
    ) -> None:
        """Write a checkpoint whole or not at all; CheckpointError if it cannot be written."""

    def flush(self, timeout_s: float) -> None:
        """Wait until what is kept is where any machine finds it; CheckpointError at the deadline."""


@dataclass(frozen=True, kw_only=True)
class DatasetDescription:
    """What MLflow records of the data a run used."""

    name: str
    digest: str
    source: str
    profile: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PackagedModel:
    """A model as MLflow's registry takes it: code, weights, settings, and what goes in and out."""

    code: Path
    settings: Mapping[str, Any]
    input_example: np.ndarray[Any, Any]
    input_shape: tuple[int, ...]
    """With -1 where any size will do, as in `output_shape`."""
    output_shape: tuple[int, ...]
    requirements: Sequence[str]


class RecordedRecipe(Recipe, Protocol):
    """A recipe that can also say what of it belongs on record."""

    def params(self) -> Mapping[str, str]:
        """What the data and the model turned out to be, beside the configuration."""

    def document(self) -> Mapping[str, Any]:
        """What an evaluation of the finished run needs to know, as plain JSON."""

    def dataset(self) -> DatasetDescription: ...

    def package(self) -> PackagedModel: ...


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What an evaluation of a finished run found, ready to be recorded."""

    metrics: Mapping[str, float]
    documents: Mapping[str, Any]
    """JSON by artifact path."""
    pages: Mapping[str, str]
    """Text by artifact path."""
    images: Mapping[str, np.ndarray[Any, Any]]
    """Pictures by artifact path."""


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A finished run's best model, and what the run recorded of itself."""

    run_id: str
    run_name: str
    best_epoch: int
    best_step: int
    document: Mapping[str, Any]
    weights: Mapping[str, Tensor]


class RecipeKind(Protocol):
    """A recipe that can be asked for by name."""

    @property
    def config_class(self) -> type[LoopConfig]: ...

    @property
    def evaluate_class(self) -> type[EvaluateConfig]:
        """The options of `evaluate`."""

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> LoopConfig:
        """The whole configuration from what was given; ConfigError names every bad field."""

    def check(self, config: LoopConfig, data_dir: Path) -> None:
        """Find what is wrong before any rank is started; draws the demonstration set."""

    def evaluate(
        self, trained: TrainedModel, options: EvaluateConfig, data_dir: Path, process: Process
    ) -> Scores:
        """Score the model as `options` say, in this process alone."""

    def build(self, config: LoopConfig, data_dir: Path, process: Process) -> RecordedRecipe:
        """The recipe on this rank; a collective."""
