"""Synchronises batch normalisation over all ranks, on CPUs too; PyTorch does it on GPUs only.

Without it, each rank of a data-parallel training normalises over its own part of the batch, and N
ranks do not train like one rank with N times the batch size.
"""

import logging
from typing import Any, cast

import torch
import torch.distributed as dist
import torch.nn.functional as F
from timm.layers import convert_sync_batchnorm
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

logger = logging.getLogger(__name__)


def synchronise_batch_norm(model: nn.Module, device: torch.device) -> nn.Module:
    """Make every batch normalisation of `model` span all ranks; parameters and names stay the same."""
    if device.type == "cuda":
        return cast(nn.Module, convert_sync_batchnorm(model))
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            # Changing the class changes the computation and keeps parameters, buffers and names.
            module.__class__ = SynchronisedBatchNorm2d
        elif isinstance(module, _BatchNorm):
            logger.warning(
                "On CPUs, %s normalises over the images of each rank and not over those of all ranks.",
                type(module).__name__,
            )
    return model


class SynchronisedBatchNorm2d(nn.BatchNorm2d):
    """nn.BatchNorm2d with the mean and variance over the images [B, C, H, W] of all ranks."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002, the name in the base class
        if not self.training:
            return super().forward(input)
        output, mean, variance = cast(Any, _Normalise).apply(
            input, self.weight, self.bias, self.eps
        )
        self._update_running_statistics(mean, variance, input.numel() // input.shape[1])
        return cast(Tensor, output)

    @torch.no_grad()
    def _update_running_statistics(self, mean: Tensor, variance: Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        momentum = self.momentum
        if momentum is None:
            momentum = 1 / float(self.num_batches_tracked)
        total = count * dist.get_world_size()
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * total / max(1, total - 1), momentum)


class _Normalise(torch.autograd.Function):
    """Normalisation and its gradient, each with one small all-reduce (Ioffe & Szegedy 2015)."""

    @staticmethod
    def forward(
        ctx: Any, images: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        variance, mean = torch.var_mean(images, dim=(0, 2, 3), correction=0)
        # All ranks have equally many images, so the mean of their means is the overall mean.
        moments = torch.stack([mean, variance + mean**2])
        dist.all_reduce(moments)
        mean, square = moments / dist.get_world_size()
        variance = square - mean**2
        ctx.save_for_backward(images, weight, mean, variance)
        ctx.eps = eps
        output = F.batch_norm(images, mean, variance, weight, bias, eps=eps)
        ctx.mark_non_differentiable(mean, variance)
        return output, mean, variance

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        images, weight, mean, variance = ctx.saved_tensors
        inverse_std = torch.rsqrt(variance + ctx.eps)
        grad_bias = grad.sum(dim=(0, 2, 3))
        grad_weight = ((grad * images).sum(dim=(0, 2, 3)) - mean * grad_bias) * inverse_std
        sums = torch.stack([grad_bias, grad_weight])
        dist.all_reduce(sums)
        count = images.numel() // images.shape[1] * dist.get_world_size()
        mean_grad, mean_scaled_grad = sums / count
        # d loss / d images = w / std * (g - mean(g) - normalised * mean(g * normalised))
        slope = weight * inverse_std
        on_images = -slope * inverse_std * mean_scaled_grad
        constant = -slope * mean_grad - on_images * mean
        grad_images = grad * _per_channel(slope) + torch.addcmul(
            _per_channel(constant), images, _per_channel(on_images)
        )
        return grad_images, grad_weight, grad_bias, None


def _per_channel(values: Tensor) -> Tensor:
    return values.view(1, -1, 1, 1)
