"""Runs the network on the images of a split on all ranks, and counts the pixels that agree."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from training.data.augmentation import normalise
from training.data.batches import load_batches
from training.data.mask_batches import MaskedBatch, MaskedDataset
from training.data.mask_folder import read_mask
from training.data.sampling import Shard, shard_indices
from training.process import Process
from training.recipes.segmentation.loss import segmentation_losses
from training.recipes.segmentation.network import class_map
from training.recipes.segmentation.scoring import Overlap, pixel_confusion


@dataclass(frozen=True, kw_only=True)
class Inference:
    """How images are batched, and what the loss is made of."""

    batch_size: int
    num_workers: int
    dice_weight: float


@dataclass(frozen=True, kw_only=True)
class OriginalMasks:
    """The masks in the sizes of their images."""

    root: Path
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Part:
    indices: Tensor
    counts: Tensor  # int64 [N, 3, C]: hits, truth, predicted
    losses: Tensor
    confusion: Tensor


def measure_overlap(
    model: nn.Module,
    dataset: MaskedDataset,
    inference: Inference,
    process: Process,
    *,
    originals: OriginalMasks | None = None,
) -> Overlap | None:
    """The counts of every image, once each, on rank 0; None elsewhere. A collective.

    The counts are of pixels of the network's size, or of the masks' own sizes if `originals` are
    given. `model` is in evaluation mode.
    """
    shard = Shard(rank=process.rank, world_size=process.world_size)
    mine = shard_indices(len(dataset), shard)
    size = inference.batch_size
    order = [mine[start : start + size] for start in range(0, len(mine), size)]
    batches = load_batches(dataset, order, num_workers=inference.num_workers, device=process.device)
    parts = [_measure(model, batch, inference, originals) for batch in batches]
    gathered = [part for share in process.gather(parts) for part in share]
    return _in_order(gathered) if gathered else None


def _measure(
    model: nn.Module, batch: MaskedBatch, inference: Inference, originals: OriginalMasks | None
) -> _Part:
    logits = model(normalise(batch.images.float() / 255))
    losses = segmentation_losses(logits, batch.masks.long(), inference.dice_weight)
    num_classes = logits.shape[1]
    matrices = []
    for position, index in enumerate(batch.indices.tolist()):
        mask = batch.masks[position]
        if originals is not None:
            levels = read_mask(originals.root, originals.paths[index])
            mask = torch.from_numpy(levels).to(logits.device)
        classes = class_map(logits[position], *mask.shape)
        matrices.append(pixel_confusion(classes, mask, num_classes))
    confusion = torch.stack(matrices).cpu()
    hits = confusion.diagonal(dim1=1, dim2=2)
    return _Part(
        indices=batch.indices,
        counts=torch.stack([hits, confusion.sum(dim=2), confusion.sum(dim=1)], dim=1),
        losses=losses.double().cpu(),
        confusion=confusion.sum(dim=0),
    )


def _in_order(parts: list[_Part]) -> Overlap:
    order = torch.cat([part.indices for part in parts]).argsort()
    counts = torch.cat([part.counts for part in parts])[order]
    hits, truth, predicted = counts.unbind(dim=1)
    return Overlap(
        hits=hits,
        truth=truth,
        predicted=predicted,
        losses=torch.cat([part.losses for part in parts])[order],
        confusion=torch.stack([part.confusion for part in parts]).sum(dim=0),
    )
