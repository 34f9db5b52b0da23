"""The interfaces of the torch loop: to a recipe, to checkpoints and to the evaluation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

from training.config import EvaluateConfig, LoopConfig
from training.errors import ConfigError
from training.evidence.outputs import FittedEvidence
from training.process import Process
from training.recipe_spec import DatasetDescription, RecipeSpec


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """The loss of a micro-batch to differentiate, and scalars to log, each a mean over its samples."""

    loss: Tensor
    scalars: Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class EvaluationResult:
    """An evaluation during training, over all ranks; the model with the highest `score` is the best."""

    metrics: Mapping[str, float]
    score: float
    document: Mapping[str, Any] = field(default_factory=dict)
    images: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)


class Recipe(Protocol):
    """A model with its data and its steps. Each rank builds the same one; `evaluate` is a collective."""

    @property
    def config(self) -> LoopConfig: ...

    @property
    def model(self) -> nn.Module: ...

    @property
    def steps_per_epoch(self) -> int: ...

    @property
    def samples_per_step(self) -> int:
        """Samples of one optimizer step, over all ranks."""

    @property
    def throughput_metric(self) -> str:
        """Name of the metric of samples per second; it ends in `_per_second`."""

    def build_optimizer(self) -> Optimizer:
        """The optimizer; each group's `lr_scale` multiplies the learning rate."""

    def learning_rate(self, step: int) -> float:
        """The learning rate of the optimizer step that follows `step` finished ones."""

    @property
    def peak_learning_rate(self) -> float:
        """The largest learning rate of the schedule."""

    def batches(self, first_step: int) -> Iterator[Sequence[Any]]:
        """Without end, this rank's micro-batches of each optimizer step from `first_step` on."""

    def train_mode(self, model: nn.Module) -> None:
        """Put `model` into training mode, except for its frozen parts."""

    def training_step(self, model: nn.Module, batch: Any) -> StepResult: ...

    def evaluate(self, model: nn.Module, *, step: int, epoch: int) -> EvaluationResult: ...


class Checkpoints(Protocol):
    """The checkpoints of a run; rank 0 writes them, every rank reads them."""

    def latest(self) -> str | None:
        """Name of the newest complete checkpoint."""

    def path(self, name: str) -> Path:
        """A local folder with the checkpoint `name`."""

    def save(
        self,
        tensors: Mapping[str, Mapping[str, Tensor]],
        state: Mapping[str, Any],
        *,
        step: int,
        is_best: bool,
    ) -> None:
        """Write a checkpoint atomically. Raises CheckpointError if it cannot be written."""

    def flush(self, timeout_s: float) -> None:
        """Wait until every machine can read the checkpoints. Raises CheckpointError at the timeout."""


@dataclass(frozen=True, kw_only=True)
class PackagedModel:
    """A model for MLflow's registry: code, settings, and the shapes of its input and output."""

    code: Path
    settings: Mapping[str, Any]
    input_example: np.ndarray[Any, Any]
    input_shape: tuple[int, ...]
    """-1 stands for any size, as in `output_shape`."""
    output_shape: tuple[int, ...]
    requirements: Sequence[str]
    output_type: str = "float32"
    """NumPy's name of it."""
    write_files: Callable[[Mapping[str, Tensor], Path], Mapping[str, Path]] | None = None
    """Writes the best weights into a folder in other formats, too; returns files or folders by name."""


class RecordedRecipe(Recipe, Protocol):
    """A recipe that also describes itself for the record of the run."""

    def params(self) -> Mapping[str, str]:
        """Facts about the data and the model that are not part of the configuration."""

    def document(self) -> Mapping[str, Any]:
        """Plain JSON that an evaluation of the finished run reads."""

    def dataset(self) -> DatasetDescription: ...

    def identity(self) -> Mapping[str, Any]:
        """Plain JSON: what a resume must find unchanged beside the data, by the words that name it."""

    def initial_weights(self) -> str:
        """SHA-256 of the file of pre-trained weights; empty if none was read."""

    def package(self) -> PackagedModel: ...


@runtime_checkable
class EvidencedRecipe(Protocol):
    """A recipe that shows, on val, what its finished model can and cannot do."""

    def evidence(self, model: nn.Module) -> FittedEvidence | None:
        """Fitted on val with the best `model`, in evaluation mode, on rank 0; None on other ranks.

        A collective. It may raise on any rank, but only after the ranks have exchanged everything.
        """


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """The evaluation of a finished run, as it is recorded in the run."""

    metrics: Mapping[str, float]
    documents: Mapping[str, Any]
    """JSON by artifact path."""
    pages: Mapping[str, str]
    """Text by artifact path."""
    images: Mapping[str, np.ndarray[Any, Any]]
    """RGB pixels by artifact path."""


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """The best model of a finished run, and the document that the run recorded when it began."""

    run_id: str
    run_name: str
    best_epoch: int
    best_step: int
    document: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    read_json: Callable[[str], Any] = field(default=lambda _path: None)
    """The JSON among the artifacts of the run at a path; None if there is none."""


@runtime_checkable
class LoopSpec(RecipeSpec, Protocol):
    """A recipe that the torch loop trains."""

    @property
    def config_class(self) -> type[LoopConfig]: ...

    @property
    def evaluate_class(self) -> type[EvaluateConfig]:
        """The options of `evaluate`."""

    def build(
        self, config: LoopConfig, data_dir: Path, process: Process, *, has_checkpoint: bool = False
    ) -> RecordedRecipe:
        """The recipe on this rank; a collective. A checkpoint will replace its initial weights."""

    def evaluate(
        self, trained: TrainedModel, options: EvaluateConfig, data_dir: Path, process: Process
    ) -> EvaluationReport:
        """Score the model with `options`, in this process alone."""


def require_loop(spec: RecipeSpec) -> LoopSpec:
    """The recipe as one that the torch loop trains. Raises ConfigError if it is another kind."""
    if not isinstance(spec, LoopSpec):
        raise ConfigError(
            f"recipe: the torch loop trains and evaluates recipes with 'build' and 'evaluate', "
            f"which {type(spec).__name__} has not."
        )
    return spec
