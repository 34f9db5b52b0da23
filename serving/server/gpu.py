"""The name and the memory of the GPU, as NVIDIA's management library reports them."""

import logging
from dataclasses import dataclass

import pynvml  # type: ignore[import-untyped]

logger = logging.getLogger(__name__)

NO_GPU = "no GPU"

_MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class GpuState:
    """Memory in MiB, of the first GPU; other programs may use it too."""

    status: str = NO_GPU
    memory_used_mb: float = 0
    memory_total_mb: float = 0


def read_gpu() -> GpuState:
    """The state of the first GPU of this machine; NO_GPU if there is none."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return GpuState()
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(0)
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        return GpuState(
            status=str(pynvml.nvmlDeviceGetName(handle)),
            memory_used_mb=memory.used / _MIB,
            memory_total_mb=memory.total / _MIB,
        )
    except pynvml.NVMLError as error:
        logger.debug("The GPU does not answer: %s", error)
        return GpuState()
    finally:
        pynvml.nvmlShutdown()
