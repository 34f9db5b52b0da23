"""Recognises that an accelerator has no memory left."""

import torch

_CUBLAS_HAS_NONE = "CUBLAS_STATUS_ALLOC_FAILED"


def is_memory_exhausted(error: BaseException) -> bool:
    """Whether `error` says that an accelerator has no memory left: PyTorch's error, or that of cuBLAS."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and _CUBLAS_HAS_NONE in str(error)


def free_cached_memory(device: torch.device) -> None:
    """Give the memory that PyTorch keeps back to the device; call it where the error is handled no more."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
