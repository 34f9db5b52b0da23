"""Runs a classifier on the images of a split on all ranks, and gathers one prediction per image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from training.data.augmentation import evaluation_transform
from training.data.batches import load_batches
from training.data.framing import Framing
from training.data.image_batches import ImageDataset
from training.data.sampling import Shard, shard_indices
from training.errors import TrainingError
from training.evaluation.scoring import Predictions
from training.evidence.outputs import ClassifierOutputs
from training.models.features import has_features, logits_and_features
from training.process import Process

DECODE_MARGIN = 256 / 224
"""Images are decoded this much larger than the network's input, and then cropped."""

Part = tuple[Tensor, ...]
"""Indices, logits and targets of some images, and their features if these are asked for."""


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
    model: nn.Module, dataset: ImageDataset, transform: InferenceTransform, process: Process
) -> Predictions | None:
    """Logits of every image of `dataset`, in its order, on rank 0; None on other ranks. A collective."""
    shares = process.gather(list(_parts(model, dataset, transform, process)))
    parts = [part for share in shares for part in share]
    if not parts:
        return None
    logits, targets = _in_order(parts)
    return Predictions(logits=logits, targets=targets)


def predict_with_features(
    model: nn.Module, dataset: ImageDataset, transform: InferenceTransform, process: Process
) -> ClassifierOutputs | None:
    """As `predict`, with the features of every image if the network gives them.

    Raises TrainingError on rank 0 if another rank fails; no rank waits for one that has failed.
    """
    mine: list[Part] = []
    failure: Exception | None = None
    try:
        with_features = has_features(model)
        mine = list(_parts(model, dataset, transform, process, with_features=with_features))
    except Exception as error:  # noqa: BLE001, raised below, once every rank is past the gathering
        failure = error
    shares = process.gather((mine, "" if failure is None else type(failure).__name__))
    if failure is not None:
        raise failure
    if failures := [name for _, name in shares if name]:
        raise TrainingError(f"Another rank could not compute its outputs: {failures[0]}")
    parts = [part for share, _ in shares for part in share]
    if not parts:
        return None
    logits, targets, *features = _in_order(parts)
    return ClassifierOutputs(
        logits=logits, targets=targets, features=features[0] if features else None
    )


def _parts(
    model: nn.Module,
    dataset: ImageDataset,
    transform: InferenceTransform,
    process: Process,
    *,
    with_features: bool = False,
) -> Iterator[Part]:
    """The outputs for this rank's share of the images, a batch at a time."""
    shard = Shard(rank=process.rank, world_size=process.world_size)
    mine = shard_indices(len(dataset), shard)
    size = transform.batch_size
    order = [mine[start : start + size] for start in range(0, len(mine), size)]
    for batch in load_batches(
        dataset, order, num_workers=transform.num_workers, device=process.device
    ):
        images = evaluation_transform(batch.images, transform.image_size, transform.framing)
        features: tuple[Tensor, ...] = ()
        if with_features:
            logits, found = logits_and_features(model, images)
            features = (found.float().cpu(),)
        else:
            logits = model(images)
            if transform.flip:
                logits = (logits + model(images.flip(-1))) / 2
        yield (batch.indices, logits.float().cpu(), batch.targets.cpu(), *features)


def _in_order(parts: list[Part]) -> list[Tensor]:
    """The columns of the parts after their indices, in the order of these."""
    indices, *columns = (torch.cat(column) for column in zip(*parts, strict=True))
    order = indices.argsort()
    return [column[order] for column in columns]
