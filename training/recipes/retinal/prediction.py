"""Runs a classifier on the images of a split on all ranks, and gathers one prediction per image."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from training.data.augmentation import evaluation_transform
from training.data.framing import Framing
from training.data.loading import SplitDataset, load_batches
from training.data.sampling import Shard, shard_indices
from training.evaluation.scoring import Predictions
from training.process import Process

DECODE_MARGIN = 256 / 224
"""Images are decoded this much larger than the network's input, and then cropped."""

Part = tuple[Tensor, Tensor, Tensor]
"""Logits, targets and indices of some images."""


class InferenceConfig(Protocol):
    """The settings of a training that an InferenceTransform is made from."""

    @property
    def image_size(self) -> int: ...

    @property
    def framing(self) -> Framing: ...

    @property
    def batch_size(self) -> int: ...

    @property
    def loader_workers(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class InferenceTransform:
    """How images are prepared and batched for a classifier."""

    image_size: int
    framing: Framing
    batch_size: int
    num_workers: int
    flip: bool = False
    """Average the logits over each image and its mirror image."""

    @classmethod
    def of(cls, config: InferenceConfig, *, flip: bool = False) -> "InferenceTransform":
        """The transform of a training; its batch is larger, because there are no gradients to store."""
        return cls(
            image_size=config.image_size,
            framing=config.framing,
            batch_size=2 * config.batch_size,
            num_workers=config.loader_workers,
            flip=flip,
        )

    @property
    def decode_size(self) -> int:
        """Pixels per side of a decoded image."""
        return round(self.image_size * DECODE_MARGIN)


def predict(
    model: nn.Module, dataset: SplitDataset, transform: InferenceTransform, process: Process
) -> Predictions | None:
    """Logits of every image of `dataset`, in its order, on rank 0; None on other ranks. A collective."""
    shard = Shard(rank=process.rank, world_size=process.world_size)
    mine = shard_indices(len(dataset), shard)
    size = transform.batch_size
    order = [mine[start : start + size] for start in range(0, len(mine), size)]
    parts: list[Part] = []
    for batch in load_batches(
        dataset, order, num_workers=transform.num_workers, device=process.device
    ):
        images = evaluation_transform(batch.images, transform.image_size, transform.framing)
        logits = model(images)
        if transform.flip:
            logits = (logits + model(images.flip(-1))) / 2
        parts.append((logits.float().cpu(), batch.targets.cpu(), batch.indices))
    return _in_order([part for share in process.gather(parts) for part in share])


def _in_order(parts: list[Part]) -> Predictions | None:
    if not parts:
        return None
    logits, targets, indices = (torch.cat(column) for column in zip(*parts, strict=True))
    order = indices.argsort()
    return Predictions(logits=logits[order], targets=targets[order])
