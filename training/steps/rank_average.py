"""Averages gradients over the ranks after the backward pass, in pieces of bounded size."""

from collections.abc import Iterator, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn

BUCKET_BYTES = 32 * 2**20
"""So much memory more is needed, whatever the size of the model."""


def has_gradient(parameters: Sequence[nn.Parameter]) -> Tensor:
    """1 for each parameter that has a gradient, else 0."""
    return torch.tensor([each.grad is not None for each in parameters], dtype=torch.int32)


def average_gradients(parameters: Sequence[nn.Parameter], used: Tensor, *, world_size: int) -> None:
    """Replace each gradient by its mean over the ranks; a collective.

    `used` is 1 for each parameter that has one on any rank. The others are left without: an
    optimizer skips them, as it does on one rank.
    """
    gradients = []
    for parameter, is_used in zip(parameters, used.tolist(), strict=True):
        if is_used:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            gradients.append(parameter.grad)
    for bucket in _buckets(gradients):
        _average(bucket, world_size)


def _average(bucket: Sequence[Tensor], world_size: int) -> None:
    whole = torch.cat([gradient.reshape(-1) for gradient in bucket])
    dist.all_reduce(whole)
    whole /= world_size
    parts = whole.split([gradient.numel() for gradient in bucket])
    for gradient, part in zip(bucket, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def _buckets(gradients: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """The gradients in their order; those of one bucket have the same type."""
    bucket: list[Tensor] = []
    size_bytes = 0
    for gradient in gradients:
        if bucket and (size_bytes >= BUCKET_BYTES or gradient.dtype != bucket[0].dtype):
            yield bucket
            bucket, size_bytes = [], 0
        bucket.append(gradient)
        size_bytes += gradient.nbytes
    if bucket:
        yield bucket
