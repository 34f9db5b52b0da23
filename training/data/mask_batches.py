"""Batches of images with their masks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.data.batches import DecodedBatch, DecodedDataset
from training.data.decode import decode_image
from training.data.framing import Framing
from training.data.mask_folder import decode_mask

NUM_CHANNELS = 4
"""Bytes of a pixel in the cache: three colours and the mask."""


@dataclass(frozen=True, kw_only=True)
class MaskedBatch(DecodedBatch):
    """`images` uint8 [B, 3, S, S], `masks` uint8 [B, S, S], `indices` int64 [B] into the split."""

    images: Tensor
    masks: Tensor


class MaskedDataset(DecodedDataset[tuple[Tensor, Tensor], MaskedBatch]):
    """Stretched images of a split with their masks. Raises UnreadableImageError or MaskError."""

    def __init__(self, root: Path, paths: Sequence[str], *, size: int, cached: bool) -> None:
        super().__init__(len(paths), sample_bytes=NUM_CHANNELS * size * size, cached=cached)
        self._root = root
        self._paths = paths
        self._size = size

    def _decode(self, index: int) -> tuple[Tensor, Tensor]:
        path = self._paths[index]
        image = decode_image(self._root, path, self._size, Framing.STRETCH)
        return image, decode_mask(self._root, path, self._size)

    @staticmethod
    def to_batch(samples: Sequence[tuple[Tensor, Tensor]], indices: Tensor) -> MaskedBatch:
        images, masks = zip(*samples, strict=True)
        return MaskedBatch(images=torch.stack(images), masks=torch.stack(masks), indices=indices)
