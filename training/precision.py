"""Chooses the arithmetic of the forward and backward pass on a device."""

from contextlib import AbstractContextManager

import torch

from training.config import Precision
from training.errors import ConfigError

AUTOCAST_TYPES = {Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}


def resolve_precision(precision: Precision, device: torch.device) -> Precision:
    """The precision on `device`, with `auto` resolved. Raises ConfigError if the device lacks it."""
    if precision is Precision.AUTO:
        if device.type != "cuda":
            return Precision.FP32
        return Precision.BF16 if torch.cuda.is_bf16_supported() else Precision.FP16
    if precision is Precision.FP16 and device.type != "cuda":
        raise ConfigError("precision: fp16 needs a GPU; on a CPU use fp32 or bf16.")
    return precision


def autocast_type(precision: Precision) -> torch.dtype | None:
    """The type for autocast; None if nothing is cast."""
    return AUTOCAST_TYPES.get(precision)


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[None]:
    """The arithmetic of the forward pass on `device`, while inside."""
    dtype = autocast_type(precision)
    return torch.autocast(device.type, dtype=dtype, enabled=dtype is not None)
