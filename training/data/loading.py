"""Loads batches of decoded images onto the device, from worker processes or from a memory cache."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from training.data.decode import UnreadableImageError, decode_image
from training.data.framing import Framing
from training.data.image_folder import ImageSplit

MAX_CACHE_BYTES = 2 * 2**30
WORKER_TIMEOUT_S = 600


@dataclass(frozen=True, kw_only=True)
class ImageBatch:
    """`images` uint8 [B, 3, S, S], `targets` int64 [B], `indices` int64 [B] into the split."""

    images: Tensor
    targets: Tensor
    indices: Tensor

    def to(self, device: torch.device) -> "ImageBatch":
        return ImageBatch(
            images=self.images.to(device, non_blocking=True),
            targets=self.targets.to(device, non_blocking=True),
            indices=self.indices,
        )

    def pin_memory(self) -> "ImageBatch":
        """Pin the tensors; the data loader calls this so that copies to the device run asynchronously."""
        return ImageBatch(
            images=self.images.pin_memory(),
            targets=self.targets.pin_memory(),
            indices=self.indices,
        )


Sample = tuple[Tensor, int, int]
"""An image, its target and its index."""


class SplitDataset(Dataset[Sample | UnreadableImageError]):
    """Decoded images of a split; if `cached`, kept in memory after the first read while they fit.

    An unreadable image is returned as an UnreadableImageError instead of raising it: the data
    loader would turn an exception of a worker process into a traceback.
    """

    def __init__(
        self, root: Path, split: ImageSplit, *, size: int, framing: Framing, cached: bool
    ) -> None:
        self._root = root
        self._split = split
        self._size = size
        self._framing = framing
        fits = len(split) * 3 * size * size <= MAX_CACHE_BYTES
        self._cache: dict[int, Tensor] | None = {} if cached and fits else None

    def __len__(self) -> int:
        return len(self._split)

    def __getitem__(self, index: int) -> Sample | UnreadableImageError:
        try:
            return self._image(index), self._split.targets[index], index
        except UnreadableImageError as error:
            return error

    def _image(self, index: int) -> Tensor:
        if self._cache is None:
            return self._decode(index)
        if index not in self._cache:
            self._cache[index] = self._decode(index)
        return self._cache[index]

    def _decode(self, index: int) -> Tensor:
        return decode_image(self._root, self._split.paths[index], self._size, self._framing)


def load_batches(
    dataset: SplitDataset,
    order: Iterable[Sequence[int]],
    *,
    num_workers: int,
    device: torch.device,
) -> Iterator[ImageBatch]:
    """Yield one batch on `device` for each list of indices in `order`.

    `num_workers` processes decode ahead. Raises UnreadableImageError for an unreadable image.
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
        if isinstance(batch, UnreadableImageError):
            raise batch
        yield batch.to(device)


def _collate(
    samples: Sequence[Sample | UnreadableImageError],
) -> ImageBatch | UnreadableImageError:
    readable: list[Sample] = []
    for sample in samples:
        if isinstance(sample, UnreadableImageError):
            return sample
        readable.append(sample)
    images, targets, indices = zip(*readable, strict=True)
    return ImageBatch(
        images=torch.stack(images), targets=torch.tensor(targets), indices=torch.tensor(indices)
    )
