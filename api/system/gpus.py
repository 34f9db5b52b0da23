"""Reads the GPUs of the server's machine from NVIDIA's driver."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import pynvml  # type: ignore[import-untyped]
from pydantic import BaseModel, Field

logger = logging.getLogger(__name__)

T = TypeVar("T")


class GpuStats(BaseModel):
    """A value is null if the driver does not report it for this device."""

    id: int
    name: str
    load: float | None = Field(description="in percent")
    memory_used: int | None = Field(description="in bytes")
    memory_total: int | None = Field(description="in bytes")
    memory_percent: float | None
    temperature: float | None = Field(description="in degrees Celsius")


class NvidiaDriver:
    """NVML, opened on first use; not thread-safe."""

    def __init__(self) -> None:
        self._is_usable: bool | None = None

    def gpus(self) -> list[GpuStats]:
        """All GPUs; empty without a driver or if it fails."""
        if self._is_usable is None:
            self._is_usable = _can_be_opened()
        if not self._is_usable:
            return []
        try:
            return [_stats(index) for index in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError as error:
            logger.warning("NVIDIA's driver could not read the GPUs: %s", error)
            return []


class BoundedReading:
    """Reads in a thread of its own, because a driver that hangs cannot be interrupted."""

    def __init__(self, read: Callable[[], list[GpuStats]], timeout_s: float = 2.0) -> None:
        self._read = read
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._give_up_at = 0.0
        self._found: list[GpuStats] = []

    def gpus(self) -> list[GpuStats]:
        """The GPUs, or none after `timeout_s`; returns at once while an earlier reading hangs."""
        with self._lock:
            thread = self._thread
            if thread is None or not thread.is_alive():
                self._found = []
                thread = self._thread = threading.Thread(target=self._store_reading, daemon=True)
                self._give_up_at = time.monotonic() + self._timeout_s
                thread.start()
        thread.join(max(0.0, self._give_up_at - time.monotonic()))
        return self._found

    def _store_reading(self) -> None:
        self._found = self._read()


def _can_be_opened() -> bool:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        logger.info("There are no GPU statistics: %s", error)
        return False
    return True


def _stats(index: int) -> GpuStats:
    device = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = _reported(lambda: pynvml.nvmlDeviceGetMemoryInfo(device))
    rates = _reported(lambda: pynvml.nvmlDeviceGetUtilizationRates(device))
    return GpuStats(
        id=index,
        name=_reported(lambda: pynvml.nvmlDeviceGetName(device)) or "GPU",
        load=None if rates is None else rates.gpu,
        memory_used=None if memory is None else memory.used,
        memory_total=None if memory is None else memory.total,
        memory_percent=100 * memory.used / memory.total if memory and memory.total else None,
        temperature=_reported(
            lambda: pynvml.nvmlDeviceGetTemperature(device, pynvml.NVML_TEMPERATURE_GPU)
        ),
    )


def _reported(read: Callable[[], T]) -> T | None:
    """The reading, or None if the device has no such sensor."""
    try:
        return read()
    except pynvml.NVMLError_NotSupported:
        return None
