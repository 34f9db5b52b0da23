"""Batches of images with their classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.data.batches import DecodedBatch, DecodedDataset
from training.data.decode import decode_image
from training.data.framing import Framing
from training.data.image_folder import ImageSplit


@dataclass(frozen=True, kw_only=True)
class ImageBatch(DecodedBatch):
    """`images` uint8 [B, 3, S, S], `targets` int64 [B], `indices` int64 [B] into the split."""

    images: Tensor
    targets: Tensor


class ImageDataset(DecodedDataset[tuple[Tensor, int], ImageBatch]):
    """The images of a split, uint8 [3, S, S], with their targets. Raises UnreadableImageError."""

    def __init__(
        self, root: Path, split: ImageSplit, *, size: int, framing: Framing, cached: bool
    ) -> None:
        super().__init__(len(split), sample_bytes=3 * size * size, cached=cached)
        self._root = root
        self._split = split
        self._size = size
        self._framing = framing

    def _decode(self, index: int) -> tuple[Tensor, int]:
        return self._decode_image(index), self._split.targets[index]

    def _decode_image(self, index: int) -> Tensor:
        return decode_image(self._root, self._split.paths[index], self._size, self._framing)

    @staticmethod
    def to_batch(samples: Sequence[tuple[Tensor, int]], indices: Tensor) -> ImageBatch:
        images, targets = zip(*samples, strict=True)
        return ImageBatch(
            images=torch.stack(images), targets=torch.tensor(targets), indices=indices
        )
