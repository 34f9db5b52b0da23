"""A recipe that trains in milliseconds, with every kind of randomness that a resume must restore."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from training.config import LoopConfig
from training.data.sampling import Shard, TrainingOrder
from training.process import Process
from training.recipe import EvaluationResult, StepResult

NUM_SAMPLES = 48
NUM_FEATURES = 6

ToyBatch = tuple[Tensor, Tensor]


class ToyRecipe:
    """Fits a small network to a fixed random problem; implements `training.recipe.Recipe`."""

    def __init__(
        self,
        config: LoopConfig,
        process: Process,
        *,
        batch_size: int,
        dropout: float = 0.0,
        scores: Sequence[float] = (),
    ) -> None:
        self.config = config
        self._process = process
        self._scores = list(scores)
        source = torch.Generator().manual_seed(7)
        self.inputs = torch.randn(NUM_SAMPLES, NUM_FEATURES, generator=source)
        self.targets = (self.inputs.sum(dim=1, keepdim=True) > 0).float()
        self._order = TrainingOrder(
            num_samples=NUM_SAMPLES,
            batch_size=batch_size,
            gradient_accumulation=config.gradient_accumulation,
            shard=Shard(rank=process.rank, world_size=process.world_size),
            seed=config.seed,
        )
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.model = nn.Sequential(
                nn.Linear(NUM_FEATURES, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 1)
            )

    @property
    def steps_per_epoch(self) -> int:
        return self._order.steps_per_epoch

    @property
    def samples_per_step(self) -> int:
        return self._order.samples_per_step

    @property
    def throughput_metric(self) -> str:
        return "train/samples_per_second"

    def build_optimizer(self) -> Optimizer:
        return AdamW(self.model.parameters(), lr=0.01)

    def learning_rate(self, step: int) -> float:
        return 0.01 / (1 + step / 100)

    @property
    def peak_learning_rate(self) -> float:
        return self.learning_rate(0)

    def batches(self, first_step: int) -> Iterator[Sequence[ToyBatch]]:
        step = first_step
        while True:
            parts = self._order.micro_batches(step)
            yield [(self.inputs[indices], self.targets[indices]) for indices in parts]
            step += 1

    def train_mode(self, model: nn.Module) -> None:
        model.train()

    def training_step(self, model: nn.Module, batch: ToyBatch) -> StepResult:
        inputs, targets = batch
        logits = model(inputs)
        loss = F.binary_cross_entropy_with_logits(logits, targets)
        accuracy = ((logits > 0) == (targets > 0.5)).float().mean()
        return StepResult(loss=loss, scalars={"train/loss": loss, "train/accuracy": accuracy})

    def evaluate(self, model: nn.Module, *, step: int, epoch: int) -> EvaluationResult:
        loss = float(F.binary_cross_entropy_with_logits(model(self.inputs), self.targets))
        score = self._scores[(epoch - 1) % len(self._scores)] if self._scores else -loss
        return EvaluationResult(
            metrics={"val/loss": loss},
            score=score,
            document={"epoch": epoch, "step": step},
            images={"confusion_matrix": np.zeros((2, 2, 3), np.uint8)},
        )


class MemoryTracker:
    """A tracker that keeps its records in memory."""

    def __init__(self) -> None:
        self.points: dict[str, list[tuple[int, float]]] = {}
        self.documents: dict[str, object] = {}
        self.images: list[tuple[str, int]] = []
        self.tags: dict[str, str] = {}
        self.shown: list[np.ndarray[Any, Any]] = []
        self.num_expedited = 0

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        for name, value in metrics.items():
            self.points.setdefault(name, []).append((step, value))

    def expedite(self) -> None:
        self.num_expedited += 1

    def log_json(self, value: object, artifact_path: str) -> None:
        self.documents[artifact_path] = value

    def log_image(self, image: np.ndarray[Any, Any], key: str, step: int) -> None:
        self.images.append((key, step))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self.tags.update(tags)

    def show_image(self, image: np.ndarray[Any, Any]) -> None:
        self.shown.append(image)
