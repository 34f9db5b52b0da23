"""The segmentation recipe: a U-Net with any encoder of timm, trained with Dice and cross entropy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timm.optim import param_groups_weight_decay
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from tracking_plugin.names import SEGMENTATION, Metric
from training.config import Split
from training.data.augmentation import normalise
from training.data.batches import load_batches
from training.data.mask_augmentation import MaskAugmentationConfig, augment_pairs
from training.data.mask_batches import MaskedBatch, MaskedDataset
from training.data.sampling import Shard, TrainingOrder
from training.file_digest import file_sha256
from training.models.batch_norm import synchronise_batch_norm
from training.process import Process
from training.recipe import EvaluationResult, PackagedModel, StepResult
from training.recipe_spec import DatasetDescription
from training.recipes.images.recipe import ImageRecipe
from training.recipes.schedule import WarmupCosine
from training.recipes.segmentation.config import SegmentationConfig
from training.recipes.segmentation.data import SegmentationData
from training.recipes.segmentation.data_description import data_identity, describe_dataset
from training.recipes.segmentation.encoder_weights import load_encoder_weights
from training.recipes.segmentation.loss import segmentation_losses
from training.recipes.segmentation.network import (
    NetworkConfig,
    build_network,
    class_map,
    network_config,
)
from training.recipes.segmentation.package import package_segmenter
from training.recipes.segmentation.pictures import Sample, segmentation_picture
from training.recipes.segmentation.prediction import Inference, measure_overlap
from training.recipes.segmentation.scoring import (
    evaluate_overlap,
    evaluation_document,
    logged_metrics,
    selection_score,
)

NUM_PICTURED_IMAGES = 6


@dataclass(frozen=True, kw_only=True)
class TrainingBatch:
    """Augmented `images` float [B, 3, S, S] and `masks` int64 [B, S, S]."""

    images: Tensor
    masks: Tensor


class SegmentationRecipe(ImageRecipe):
    """Trains a network on images with masks; implements `training.recipe.RecordedRecipe`."""

    _data: SegmentationData

    def __init__(
        self,
        config: SegmentationConfig,
        data: SegmentationData,
        process: Process,
        *,
        has_checkpoint: bool = False,
    ) -> None:
        self.config = config
        self._weights = Path(config.weights) if config.weights and not has_checkpoint else None
        self._data = data
        self._process = process
        self._order = self._training_order()
        self._schedule = self._build_schedule()
        self._augmentation = MaskAugmentationConfig(
            smallest_crop=config.smallest_crop,
            vertical_flip=config.vertical_flip,
            colour_jitter=config.colour_jitter,
        )
        self._val_set = masked_dataset(config, data, Split.VAL)
        self._network = network_of(config, len(data.mask_classes))
        self._layout = torch.channels_last if config.channels_last else torch.contiguous_format
        network = build_network(self._network, seed=config.seed)
        if self._weights is not None:
            load_encoder_weights(network.encoder, self._network, self._weights)
        self.model = network.to(memory_format=self._layout)
        if process.world_size > 1:
            self.model = synchronise_batch_norm(self.model, process.device)

    def build_optimizer(self) -> Optimizer:
        groups = param_groups_weight_decay(self.model, weight_decay=self.config.weight_decay)
        return AdamW(groups, lr=self._schedule.peak)

    def train_mode(self, model: nn.Module) -> None:
        model.train()

    def batches(self, first_step: int) -> Iterator[Sequence[TrainingBatch]]:
        stream = load_batches(
            masked_dataset(self.config, self._data, Split.TRAIN),
            self._order.stream(first_step),
            num_workers=self.config.loader_workers,
            device=self._process.device,
        )
        step, num_parts = first_step, self.config.gradient_accumulation
        while True:
            yield [self._augmented(next(stream), step, part) for part in range(num_parts)]
            step += 1

    def training_step(self, model: nn.Module, batch: TrainingBatch) -> StepResult:
        logits = model(batch.images)
        loss = segmentation_losses(logits, batch.masks, self.config.dice_weight).mean()
        return StepResult(loss=loss, scalars={Metric.TRAIN_LOSS: loss})

    def evaluate(self, model: nn.Module, *, step: int, epoch: int) -> EvaluationResult:
        overlap = measure_overlap(model, self._val_set, inference_of(self.config), self._process)
        result = None
        if overlap is not None:
            metrics = evaluate_overlap(overlap, self._data.mask_classes)
            result = EvaluationResult(
                metrics=logged_metrics(metrics),
                score=selection_score(metrics),
                document=evaluation_document(metrics, epoch=epoch, step=step),
                images={SEGMENTATION: self._picture(model)},
            )
        shared = self._process.broadcast(result)
        assert shared is not None  # rank 0 always has a result
        return shared

    def params(self) -> Mapping[str, str]:
        return {
            **super().params(),
            "num_classes": str(len(self._data.mask_classes)),
            "images_without_mask": str(len(self._data.without_mask)),
        }

    def document(self) -> Mapping[str, Any]:
        return {"mask_classes": list(self._data.mask_classes)}

    def dataset(self) -> DatasetDescription:
        return describe_dataset(self._data)

    def identity(self) -> Mapping[str, Any]:
        return data_identity(self._data)

    def initial_weights(self) -> str:
        return "" if self._weights is None else file_sha256(self._weights)

    def package(self) -> PackagedModel:
        return package_segmenter(self._network, self._data.mask_classes, self.config.image_size)

    def _augmented(self, batch: MaskedBatch, step: int, part: int) -> TrainingBatch:
        random = np.random.default_rng([self.config.seed, step, part, self._process.rank])
        images, masks = augment_pairs(batch.images, batch.masks, self._augmentation, random)
        return TrainingBatch(images=images.contiguous(memory_format=self._layout), masks=masks)

    def _picture(self, model: nn.Module) -> np.ndarray[Any, Any]:
        """The same images of val at every evaluation, evenly spaced over its folders."""
        positions = np.linspace(0, len(self._val_set) - 1, NUM_PICTURED_IMAGES)
        chosen = [[index] for index in dict.fromkeys(positions.round().astype(int).tolist())]
        batches = load_batches(self._val_set, chosen, num_workers=0, device=self._process.device)
        samples = [_sample(model, batch) for batch in batches]
        return segmentation_picture(samples, self._data.mask_classes)

    def _training_order(self) -> TrainingOrder:
        return TrainingOrder(
            num_samples=len(self._data.folder.splits[Split.TRAIN]),
            batch_size=self.config.batch_size,
            gradient_accumulation=self.config.gradient_accumulation,
            shard=Shard(rank=self._process.rank, world_size=self._process.world_size),
            seed=self.config.seed,
        )

    def _build_schedule(self) -> WarmupCosine:
        return WarmupCosine(
            peak=self.config.learning_rate,
            minimum=self.config.min_learning_rate,
            warmup_steps=round(self.config.warmup_epochs * self.steps_per_epoch),
            total_steps=self.config.epochs * self.steps_per_epoch,
        )


def network_of(config: SegmentationConfig, num_classes: int) -> NetworkConfig:
    """The network that a configuration describes."""
    return network_config(
        config.encoder,
        image_size=config.image_size,
        decoder_width=config.decoder_width,
        num_classes=num_classes,
    )


def inference_of(config: SegmentationConfig) -> Inference:
    """The inference of a training; its batch is larger, because there are no gradients to store."""
    return Inference(
        batch_size=2 * config.batch_size,
        num_workers=config.loader_workers,
        dice_weight=config.dice_weight,
    )


def masked_dataset(
    config: SegmentationConfig, data: SegmentationData, split: Split
) -> MaskedDataset:
    """The images and masks of a split in the network's size."""
    return MaskedDataset(
        data.folder.root,
        data.folder.splits[split].paths,
        size=config.image_size,
        cached=config.cache_images and config.loader_workers == 0,
    )


def _sample(model: nn.Module, batch: MaskedBatch) -> Sample:
    logits = model(normalise(batch.images.float() / 255))[0]
    return Sample(
        image=batch.images[0].permute(1, 2, 0).cpu().numpy(),
        truth=batch.masks[0].cpu().numpy(),
        prediction=class_map(logits, *batch.masks.shape[1:]).cpu().numpy(),
    )
