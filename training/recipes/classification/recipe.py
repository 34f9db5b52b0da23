"""Trains a classifier of images, by default as RETFound's official fine-tuning does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from timm.optim import param_groups_layer_decay
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from tracking_plugin.critical_conditions import threshold_params
from tracking_plugin.names import CONFUSION_MATRIX, Metric
from training.config import Split
from training.data.augmentation import AugmentationConfig, augment
from training.data.batches import load_batches
from training.data.image_batches import ImageBatch, ImageDataset
from training.data.mixing import mix
from training.data.sampling import Shard, TrainingOrder
from training.evaluation.metrics import (
    evaluate_predictions,
    evaluation_document,
    logged_metrics,
    selection_score,
)
from training.evidence.fitting import fit_evidence
from training.evidence.outputs import FittedEvidence
from training.models.batch_norm import synchronise_batch_norm
from training.process import Process
from training.recipe import EvaluationResult, PackagedModel, StepResult
from training.recipe_spec import DatasetDescription
from training.recipes.classification.config import ClassifierConfig, ClassImbalance, Tuning
from training.recipes.classification.data import ClassifierData, data_identity, describe_dataset
from training.recipes.classification.model import backbone_config, build_model, weights_digest
from training.recipes.classification.package import package_classifier
from training.recipes.classification.prediction import (
    InferenceTransform,
    predict,
    predict_with_features,
)
from training.recipes.images.recipe import ImageRecipe
from training.recipes.schedule import WarmupCosine
from training.taxonomies.taxonomy import taxonomy_to_dict

OpenSplit = Callable[[ClassifierConfig, ClassifierData, Split], ImageDataset]
"""Opens the images of a split, as `split_dataset` does."""

REFERENCE_BATCH_SIZE = 256
"""`base_learning_rate` is the peak for this many images per step."""


@dataclass(frozen=True, kw_only=True)
class TrainingBatch:
    """Augmented `images` float [B, 3, T, T], `targets` probabilities [B, C]."""

    images: Tensor
    targets: Tensor


class ClassifierRecipe(ImageRecipe):
    """Trains a classifier on an ImageFolder; implements `training.recipe.RecordedRecipe`.

    `name` is that of the recipe among the settings of the registered model. `open_split` lets a
    recipe change the images.
    """

    _data: ClassifierData

    def __init__(
        self,
        config: ClassifierConfig,
        data: ClassifierData,
        process: Process,
        *,
        name: str,
        has_checkpoint: bool = False,
        open_split: OpenSplit | None = None,
    ) -> None:
        self.config = config
        self._data = data
        self._process = process
        self._has_checkpoint = has_checkpoint
        self._name = name
        self._open_split = open_split or split_dataset
        self._num_classes = len(data.taxonomy.classes)
        self._order = self._training_order()
        self._schedule = self._build_schedule()
        self._class_weights = self._loss_weights().to(process.device)
        self._augmentation = augmentation_config(config)
        self._val_set = self._open_split(config, data, Split.VAL)
        self.model = build_model(
            backbone_config(config, self._num_classes), config, has_checkpoint=has_checkpoint
        )
        if process.world_size > 1:
            self.model = synchronise_batch_norm(self.model, process.device)

    def build_optimizer(self) -> Optimizer:
        exempt: set[str] = getattr(self.model, "no_weight_decay", set)()
        groups = param_groups_layer_decay(
            self.model,
            weight_decay=self.config.weight_decay,
            no_weight_decay_list=exempt,
            layer_decay=self.config.layer_decay,
        )
        return AdamW(groups, lr=self._schedule.peak)

    def train_mode(self, model: nn.Module) -> None:
        # A frozen backbone stays in evaluation mode: no drop path, no new running statistics.
        model.train(self.config.tuning is Tuning.FULL)

    def batches(self, first_step: int) -> Iterator[Sequence[TrainingBatch]]:
        stream = load_batches(
            self._open_split(self.config, self._data, Split.TRAIN),
            self._order.stream(first_step),
            num_workers=self.config.loader_workers,
            device=self._process.device,
        )
        step = first_step
        while True:
            num_parts = self.config.gradient_accumulation
            yield [self._augmented(next(stream), step, part) for part in range(num_parts)]
            step += 1

    def training_step(self, model: nn.Module, batch: TrainingBatch) -> StepResult:
        logits = model(batch.images)
        # The sum is divided by the number of images, not by the sum of their weights, which differs
        # between ranks: so the mean of the ranks' gradients is the gradient of one large batch.
        losses = (batch.targets * self._class_weights * -F.log_softmax(logits, dim=1)).sum(dim=1)
        correct = logits.argmax(dim=1) == batch.targets.argmax(dim=1)
        loss = losses.mean()
        return StepResult(
            loss=loss,
            scalars={Metric.TRAIN_LOSS: loss, Metric.TRAIN_ACCURACY: correct.float().mean()},
        )

    def evaluate(self, model: nn.Module, *, step: int, epoch: int) -> EvaluationResult:
        predictions = predict(
            model, self._val_set, InferenceTransform.of(self.config), self._process
        )
        result = None
        if predictions is not None:
            # Only rank 0 draws, so only rank 0 imports matplotlib.
            from training.evaluation.confusion_image import (  # noqa: PLC0415
                confusion_matrix_image,
            )

            taxonomy = self._data.taxonomy
            evaluation = evaluate_predictions(predictions, taxonomy)
            image = confusion_matrix_image(
                evaluation.confusion_matrix, taxonomy.classes, title=f"Validation, epoch {epoch}"
            )
            result = EvaluationResult(
                metrics=logged_metrics(evaluation),
                score=selection_score(evaluation),
                document=evaluation_document(evaluation, taxonomy, epoch=epoch, step=step),
                images={CONFUSION_MATRIX: image},
            )
        shared = self._process.broadcast(result)
        assert shared is not None  # rank 0 always has a result
        return shared

    def params(self) -> Mapping[str, str]:
        return {
            **super().params(),
            "num_classes": str(self._num_classes),
            **threshold_params(
                {
                    condition.name: condition.min_sensitivity
                    for condition in self._data.taxonomy.critical_conditions
                }
            ),
        }

    def document(self) -> Mapping[str, Any]:
        return {"taxonomy": taxonomy_to_dict(self._data.taxonomy)}

    def dataset(self) -> DatasetDescription:
        return describe_dataset(self._data)

    def identity(self) -> Mapping[str, Any]:
        return data_identity(self._data)

    def initial_weights(self) -> str:
        return "" if self._has_checkpoint else weights_digest(self.config)

    def package(self) -> PackagedModel:
        return package_classifier(
            backbone_config(self.config, self._num_classes),
            InferenceTransform.of(self.config),
            self._data.taxonomy,
            recipe=self._name,
        )

    def evidence(self, model: nn.Module) -> FittedEvidence | None:
        with torch.no_grad():
            outputs = predict_with_features(
                model, self._val_set, InferenceTransform.of(self.config), self._process
            )
        return None if outputs is None else fit_evidence(outputs, self._data.taxonomy)

    def _augmented(self, batch: ImageBatch, step: int, part: int) -> TrainingBatch:
        random = np.random.default_rng([self.config.seed, step, part, self._process.rank])
        images = augment(batch.images, self._augmentation, random)
        if self.config.channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        targets = _smoothed(batch.targets, self._num_classes, self.config.label_smoothing)
        images, targets = mix(
            images,
            targets,
            mixup_alpha=self.config.mixup,
            cutmix_alpha=self.config.cutmix,
            random=random,
        )
        return TrainingBatch(images=images, targets=targets)

    def _training_order(self) -> TrainingOrder:
        train = self._data.folder.splits[Split.TRAIN]
        weights = None
        if self.config.class_imbalance is ClassImbalance.BALANCED_SAMPLING:
            support = train.support(self._num_classes)
            weights = [1 / support[target] for target in train.targets]
        return TrainingOrder(
            num_samples=len(train),
            batch_size=self.config.batch_size,
            gradient_accumulation=self.config.gradient_accumulation,
            shard=Shard(rank=self._process.rank, world_size=self._process.world_size),
            seed=self.config.seed,
            weights=weights,
        )

    def _build_schedule(self) -> WarmupCosine:
        scale = self.samples_per_step / REFERENCE_BATCH_SIZE
        return WarmupCosine(
            peak=self.config.learning_rate or self.config.base_learning_rate * scale,
            minimum=self.config.min_learning_rate,
            warmup_steps=round(self.config.warmup_epochs * self.steps_per_epoch),
            total_steps=self.config.epochs * self.steps_per_epoch,
        )

    def _loss_weights(self) -> Tensor:
        """Float [C]: 1, or inversely proportional to the images of the class, with mean 1 over images."""
        if self.config.class_imbalance is not ClassImbalance.WEIGHTED_LOSS:
            return torch.ones(self._num_classes)
        support = torch.tensor(self._data.folder.splits[Split.TRAIN].support(self._num_classes))
        num_present = int((support > 0).sum())
        return support.sum() / (num_present * support.clamp(min=1).float())


def augmentation_config(config: ClassifierConfig) -> AugmentationConfig:
    """The augmentation of the training images."""
    return AugmentationConfig(
        image_size=config.image_size,
        smallest_crop=config.smallest_crop,
        vertical_flip=config.vertical_flip,
        rand_augment_ops=config.rand_augment_ops,
        rand_augment_magnitude=config.rand_augment_magnitude,
        random_erasing=config.random_erasing,
    )


def split_dataset(config: ClassifierConfig, data: ClassifierData, split: Split) -> ImageDataset:
    """The images of a split, decoded somewhat larger than the network's input."""
    return ImageDataset(
        data.folder.root,
        data.folder.splits[split],
        size=InferenceTransform.of(config).decode_size,
        framing=config.framing,
        cached=config.cache_images and config.loader_workers == 0,
    )


def _smoothed(targets: Tensor, num_classes: int, smoothing: float) -> Tensor:
    exact = F.one_hot(targets, num_classes).float()
    return exact * (1 - smoothing) + smoothing / num_classes
