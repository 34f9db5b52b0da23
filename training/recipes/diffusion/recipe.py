"""The diffusion recipe: trains a part of a base model on images with captions."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from tracking_plugin.instruction_names import SET_PROMPTS, prompts_of
from tracking_plugin.names import Metric
from training.diffusion.data.order import SampleOrder
from training.diffusion.data.scan import content_digest
from training.diffusion.data.tensor_cache import TensorCache
from training.diffusion.data.views import WITHOUT_WORDS, plain_view
from training.diffusion.families.family import Family
from training.evidence.outputs import FittedEvidence
from training.optimizers import build_optimizer
from training.process import Process
from training.recipe import EvaluationResult, PackagedModel, StepResult
from training.recipe_abilities import InstructionRefusedError
from training.recipe_spec import DatasetDescription
from training.recipes.diffusion.base import attach_method
from training.recipes.diffusion.batch import DiffusionBatch
from training.recipes.diffusion.beginning import begin_from
from training.recipes.diffusion.config import DiffusionConfig
from training.recipes.diffusion.copy_check import check_best_model
from training.recipes.diffusion.data import DiffusionData
from training.recipes.diffusion.data_description import data_identity, describe_dataset
from training.recipes.diffusion.drawing import Drawer, small_picture
from training.recipes.diffusion.encodings import Embeddings, Latents
from training.recipes.diffusion.inputs import Encodings, TrainingInputs, augmentation_of
from training.recipes.diffusion.loss import batch_loss
from training.recipes.diffusion.package import package_generator
from training.recipes.diffusion.validation import Validation
from training.recipes.images.recipe import ScheduledImages
from training.recipes.schedule import build_schedule

MEMORY_ADVICE = (
    "Lower --resolution or --rank, switch on --gradient-checkpointing, or leave "
    "--train-text-encoders out."
)


class DiffusionRecipe(ScheduledImages):
    """Implements `training.recipe.RecordedRecipe` and what the loop may use beside it."""

    def __init__(
        self,
        config: DiffusionConfig,
        data: DiffusionData,
        family: Family,
        process: Process,
        order: SampleOrder,
        cache_dir: Path,
        report: Mapping[str, Any],
        *,
        has_checkpoint: bool = False,
    ) -> None:
        """A collective: all ranks fill the cache together."""
        self.config = config
        self._data = data
        self._family = family
        self._process = process
        self._report = report
        self._order = order
        self._encodings = self._build_encodings(cache_dir)
        self.part = attach_method(config, family)
        if config.adapter and not has_checkpoint:
            begin_from(self.part, Path(config.adapter))
        self.model: nn.Module = self.part
        self._inputs = TrainingInputs(config, data, family, process, order, self._encodings)
        self._schedule = build_schedule(
            config.schedule,
            peak=config.learning_rate,
            minimum=config.min_learning_rate,
            warmup_steps=config.warmup_steps,
            total_steps=config.epochs * self.steps_per_epoch,
        )
        self._fill_cache()
        self._validation = Validation(data, family, process, self._encodings)
        self._drawer = Drawer(config, family)

    def build_optimizer(self) -> Optimizer:
        return build_optimizer(
            self.config.optimizer,
            self.part.parameter_groups(),
            learning_rate=self._schedule.peak,
            weight_decay=self.config.weight_decay,
            device=self._process.device,
        )

    def batches(self, first_step: int) -> Iterator[Sequence[DiffusionBatch]]:
        return self._inputs.batches(first_step)

    def train_mode(self, model: nn.Module) -> None:
        model.train()

    def training_step(self, model: nn.Module, batch: DiffusionBatch) -> StepResult:
        loss = model(
            batch_loss,
            self._family,
            batch,
            min_snr_gamma=self.config.min_snr_gamma,
            prior_weight=self.config.prior_weight,
        )
        scalars: dict[str, Tensor] = {Metric.TRAIN_LOSS: loss.samples}
        if loss.partners is not None:
            scalars[Metric.PRIOR_LOSS] = loss.partners
        return StepResult(loss=loss.total, scalars=scalars)

    def evaluate(self, model: nn.Module, *, step: int, epoch: int) -> EvaluationResult:
        return self._validation.evaluate(self.part, step=step, epoch=epoch)

    # PartlyTrained

    @property
    def trained_names(self) -> Collection[str]:
        return tuple(self.part.module_names().values())

    # SplittableRecipe

    @property
    def memory_advice(self) -> str:
        return MEMORY_ADVICE

    def num_samples(self, batch: DiffusionBatch) -> int:
        return len(batch.samples)

    def split(self, batch: DiffusionBatch) -> tuple[DiffusionBatch, DiffusionBatch]:
        return batch.split()

    # InstructedRecipe and StatefulRecipe

    @property
    def instructions(self) -> Collection[str]:
        return (SET_PROMPTS,)

    def follow(self, name: str, arguments: Mapping[str, Any]) -> str:
        if name != SET_PROMPTS:
            raise InstructionRefusedError(f"{name} is no command of this recipe.")
        self._drawer.prompts = tuple(prompts_of(arguments))
        return f"Prompts drawn from now on: {len(self._drawer.prompts)}."

    def state_dict(self) -> Mapping[str, Any]:
        return {"prompts": list(self._drawer.prompts)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._drawer.prompts = tuple(state["prompts"])

    # DrawingRecipe and ShowingRecipe

    @property
    def draw_every_steps(self) -> int:
        return self.config.sample_every_steps

    @property
    def drawing_timeout_s(self) -> float:
        return self.config.sample_timeout_s

    def draw(
        self, model: nn.Module, *, step: int, check_time: Callable[[], None]
    ) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
        yield from self._drawer.draw(self.part, check_time)

    def current_image(self, batch: DiffusionBatch) -> np.ndarray[Any, Any]:
        return small_picture(self._data.scan, batch.images[0])

    # EvidencedRecipe

    def evidence(self, model: nn.Module) -> FittedEvidence | None:
        if not self._process.is_main:
            return None
        return check_best_model(self.config, self._family, self.part, self._data)

    # What is recorded of the run

    def params(self) -> Mapping[str, str]:
        trained = self.part.trained_parameters().values()
        return {
            "family": self._family.name,
            "num_parameters": str(sum(parameter.numel() for parameter in trained)),
            "train_images": str(len(self._data.train)),
            "held_out_images": str(len(self._data.held_out)),
        }

    def document(self) -> Mapping[str, Any]:
        return {
            "family": self._family.name,
            "base_digest": self._family.base_digest,
            "data_digest": content_digest(self._data.scan),
            "licence": self._report["licence"],
        }

    def dataset(self) -> DatasetDescription:
        return describe_dataset(self._data, self._report)

    def identity(self) -> Mapping[str, Any]:
        return data_identity(self._data)

    def initial_weights(self) -> str:
        return self._family.base_digest

    def package(self) -> PackagedModel:
        return package_generator(self.config, self._family, self.part, self._report)

    def _build_encodings(self, cache_dir: Path) -> Encodings:
        cache = None
        if self.config.cache:
            cache = TensorCache(cache_dir, max_bytes=self.config.cache_limit_mib * 2**20)
        augmentation = augmentation_of(self.config)
        of_images = cache if augmentation.latents_can_be_cached else None
        of_captions = cache if augmentation.embeddings_can_be_cached else None
        prior = self._data.prior
        return Encodings(
            latents=Latents(self._family, self._data.scan.root, of_images),
            prior_latents=None if prior is None else Latents(self._family, prior.root, of_images),
            embeddings=None if self.config.trains_text else Embeddings(self._family, of_captions),
        )

    def _fill_cache(self) -> None:
        encodings, held_out = self._encodings, self._data.held_out_images
        encodings.latents.fill(
            [*self._inputs.views(), *(plain_view(image) for image in held_out)], self._process
        )
        captions = {image.listed.caption for image in self._data.scan.images} | {WITHOUT_WORDS}
        if encodings.prior_latents is not None:
            encodings.prior_latents.fill(self._inputs.partner_views(), self._process)
            captions.add(self.config.class_caption)
        if encodings.embeddings is not None:
            encodings.embeddings.fill(captions, self._process)
        if self._process.device.type == "cuda":
            torch.cuda.empty_cache()
