"""Loads batches of decoded samples onto the device, from worker processes or from a memory cache."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, Generic, Self, TypeVar, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from training.errors import DataError

MAX_CACHE_BYTES = 2 * 2**30
WORKER_TIMEOUT_S = 600


@dataclass(frozen=True, kw_only=True)
class DecodedBatch:
    """Tensors of the samples at `indices`, int64 [B] into the split, which stay on the host."""

    indices: Tensor

    def to(self, device: torch.device) -> Self:
        return self._with_each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Self:
        """Pin the tensors; the data loader calls this so that copies to the device run asynchronously."""
        return self._with_each(Tensor.pin_memory)

    def _with_each(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The batch with each tensor but the indices changed."""
        names = [field.name for field in fields(self) if field.name != "indices"]
        return replace(self, **{name: change(getattr(self, name)) for name in names})


Sample = TypeVar("Sample")
BatchT = TypeVar("BatchT", bound=DecodedBatch)


class DecodedDataset(Dataset[tuple[Any, int] | DataError], ABC, Generic[Sample, BatchT]):
    """Decoded samples of a split; if `cached`, kept in memory after the first read while they fit.

    A sample that cannot be read is returned as its DataError instead of raising it: the data loader
    would turn an exception of a worker process into a traceback.
    """

    def __init__(self, num_samples: int, *, sample_bytes: int, cached: bool) -> None:
        self._num_samples = num_samples
        fits = num_samples * sample_bytes <= MAX_CACHE_BYTES
        self._cache: dict[int, Sample] | None = {} if cached and fits else None

    @abstractmethod
    def _decode(self, index: int) -> Sample:
        """Raises DataError if the sample cannot be read."""

    @staticmethod
    @abstractmethod
    def to_batch(samples: Sequence[Sample], indices: Tensor) -> BatchT:
        """The batch of these samples."""

    def __len__(self) -> int:
        return self._num_samples

    def __getitem__(self, index: int) -> tuple[Sample, int] | DataError:
        try:
            return self._sample(index), index
        except DataError as error:
            return error

    def _sample(self, index: int) -> Sample:
        if self._cache is None:
            return self._decode(index)
        if index not in self._cache:
            self._cache[index] = self._decode(index)
        return self._cache[index]


def load_batches(
    dataset: DecodedDataset[Any, BatchT],
    order: Iterable[Sequence[int]],
    *,
    num_workers: int,
    device: torch.device,
) -> Iterator[BatchT]:
    """Yield one batch on `device` for each list of indices in `order`.

    `num_workers` processes decode ahead. Raises the DataError of a sample that cannot be read.
    """
    loader = DataLoader(
        dataset,
        batch_sampler=cast(Any, order),
        num_workers=num_workers,
        collate_fn=partial(_collate, type(dataset)),
        pin_memory=device.type == "cuda",
        prefetch_factor=4 if num_workers else None,
        timeout=WORKER_TIMEOUT_S if num_workers else 0,
    )
    for batch in loader:
        if isinstance(batch, DataError):
            raise batch
        yield batch.to(device)


def _collate(
    dataset_type: type[DecodedDataset[Any, BatchT]], found: Sequence[tuple[Any, int] | DataError]
) -> BatchT | DataError:
    samples, indices = [], []
    for each in found:
        if isinstance(each, DataError):
            return each
        sample, index = each
        samples.append(sample)
        indices.append(index)
    return dataset_type.to_batch(samples, torch.tensor(indices))
