"""Loads batches of images with their masks onto the device."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from training.data.decode import UnreadableImageError, decode_image
from training.data.framing import Framing
from training.data.loading import MAX_CACHE_BYTES, WORKER_TIMEOUT_S
from training.data.mask_folder import MaskError, decode_mask

NUM_CHANNELS = 4
"""Bytes of a pixel in the cache: three colours and the mask."""


@dataclass(frozen=True, kw_only=True)
class MaskedBatch:
    """`images` uint8 [B, 3, S, S], `masks` uint8 [B, S, S], `indices` int64 [B] into the split."""

    images: Tensor
    masks: Tensor
    indices: Tensor

    def to(self, device: torch.device) -> "MaskedBatch":
        return MaskedBatch(
            images=self.images.to(device, non_blocking=True),
            masks=self.masks.to(device, non_blocking=True),
            indices=self.indices,
        )

    def pin_memory(self) -> "MaskedBatch":
        """Pin the tensors; the data loader calls this so that copies to the device run asynchronously."""
        return MaskedBatch(
            images=self.images.pin_memory(), masks=self.masks.pin_memory(), indices=self.indices
        )


Sample = tuple[Tensor, Tensor, int]
"""An image, its mask and its index."""
Unusable = UnreadableImageError | MaskError


class MaskedDataset(Dataset[Sample | Unusable]):
    """Stretched images of a split with their masks; if `cached`, kept in memory while they fit.

    What cannot be read is returned as an error instead of raising it: the data loader would turn an
    exception of a worker process into a traceback.
    """

    def __init__(self, root: Path, paths: Sequence[str], *, size: int, cached: bool) -> None:
        self._root = root
        self._paths = paths
        self._size = size
        fits = len(paths) * NUM_CHANNELS * size * size <= MAX_CACHE_BYTES
        self._cache: dict[int, tuple[Tensor, Tensor]] | None = {} if cached and fits else None

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> Sample | Unusable:
        try:
            return *self._pair(index), index
        except (UnreadableImageError, MaskError) as error:
            return error

    def _pair(self, index: int) -> tuple[Tensor, Tensor]:
        if self._cache is None:
            return self._decode(index)
        if index not in self._cache:
            self._cache[index] = self._decode(index)
        return self._cache[index]

    def _decode(self, index: int) -> tuple[Tensor, Tensor]:
        path = self._paths[index]
        image = decode_image(self._root, path, self._size, Framing.STRETCH)
        return image, decode_mask(self._root, path, self._size)


def load_masked_batches(
    dataset: MaskedDataset,
    order: Iterable[Sequence[int]],
    *,
    num_workers: int,
    device: torch.device,
) -> Iterator[MaskedBatch]:
    """Yield one batch on `device` for each list of indices in `order`.

    `num_workers` processes decode ahead. Raises UnreadableImageError or MaskError.
    """
    loader = DataLoader(
        dataset,
        batch_sampler=cast(Any, order),
        num_workers=num_workers,
        collate_fn=_collate,
        pin_memory=device.type == "cuda",
        prefetch_factor=4 if num_workers else None,
        timeout=WORKER_TIMEOUT_S if num_workers else 0,
    )
    for batch in loader:
        if isinstance(batch, UnreadableImageError | MaskError):
            raise batch
        yield batch.to(device)


def _collate(samples: Sequence[Sample | Unusable]) -> MaskedBatch | Unusable:
    usable: list[Sample] = []
    for sample in samples:
        if isinstance(sample, UnreadableImageError | MaskError):
            return sample
        usable.append(sample)
    images, masks, indices = zip(*usable, strict=True)
    return MaskedBatch(
        images=torch.stack(images), masks=torch.stack(masks), indices=torch.tensor(indices)
    )
