"""Runs a classifier over a split on all ranks and gathers what it said, each image exactly once."""

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
"""Pictures are decoded this much larger than the network's input, to be cut out of."""

Part = tuple[Tensor, Tensor, Tensor]
"""Logits, targets and indices of some images."""


class ViewingConfig(Protocol):
    """The part of a recipe's configuration that says how pictures are shown."""

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
    """How a classifier is shown pictures."""

    image_size: int
    framing: Framing
    batch_size: int
    num_workers: int
    flip: bool = False
    """Show each picture and its mirror image, and take the mean of the logits."""

    @classmethod
    def of(cls, config: ViewingConfig, *, flip: bool = False) -> "InferenceTransform":
        """As a training's configuration says; the batch may be larger, for want of gradients."""
        return cls(
            image_size=config.image_size,
            framing=config.framing,
            batch_size=2 * config.batch_size,
            num_workers=config.loader_workers,
            flip=flip,
        )

    @property
    def decode_size(self) -> int:
        """Pixels a side of a decoded picture."""
        return round(self.image_size * DECODE_MARGIN)


def predict(
    model: nn.Module, dataset: SplitDataset, viewing: InferenceTransform, process: Process
) -> Predictions | None:
    """Logits of every image of `dataset`, in its order, on rank 0; None elsewhere. A collective."""
    shard = Shard(rank=process.rank, world_size=process.world_size)
    mine = shard_indices(len(dataset), shard)
    size = viewing.batch_size
    order = [mine[start : start + size] for start in range(0, len(mine), size)]
    parts: list[Part] = []
    for batch in load_batches(
        dataset, order, num_workers=viewing.num_workers, device=process.device
    ):
        images = evaluation_transform(batch.images, viewing.image_size, viewing.framing)
        logits = model(images)
        if viewing.flip:
            logits = (logits + model(images.flip(-1))) / 2
        parts.append((logits.float().cpu(), batch.targets.cpu(), batch.indices))
    return _in_order([part for share in process.gather(parts) for part in share])


def _in_order(parts: list[Part]) -> Predictions | None:
    if not parts:
        return None
    logits, targets, indices = (torch.cat(column) for column in zip(*parts, strict=True))
    order = indices.argsort()
    return Predictions(logits=logits[order], targets=targets[order])
