"""Statistics of the server's machine: processor, memory, disk and GPUs."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
from pydantic import BaseModel, Field

from api.system.gpus import BoundedReading, GpuStats, NvidiaDriver

_FRESH_S = 1.0
_CPU_INTERVAL_S = 0.1


class CpuStats(BaseModel):
    usage_percent: float = Field(description="of all cores")
    count: int


class MemoryStats(BaseModel):
    """In bytes."""

    total: int
    used: int
    available: int
    percent: float


class DiskStats(BaseModel):
    """The disk that holds the server's data, in bytes."""

    total: int
    used: int
    free: int
    percent: float


class SystemStats(BaseModel):
    """The server's machine; the metrics `system/…` of a run describe the training machine."""

    cpu: CpuStats
    memory: MemoryStats
    gpu: list[GpuStats]
    disk: DiskStats
    timestamp: datetime


class MachineStats:
    """Caches one measurement per second for all callers."""

    def __init__(
        self,
        data_dir: Path,
        gpus: Callable[[], list[GpuStats]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._gpus = gpus or BoundedReading(NvidiaDriver().gpus).gpus
        self._clock = clock
        self._lock = threading.Lock()
        self._newest: SystemStats | None = None
        self._fresh_until = 0.0

    def read(self) -> SystemStats:
        """Blocking: waits for the devices."""
        with self._lock:
            if self._newest is None or self._clock() >= self._fresh_until:
                self._newest = self._measure()
                self._fresh_until = self._clock() + _FRESH_S
            return self._newest

    def _measure(self) -> SystemStats:
        # Without an interval, psutil measures since the last call of the same thread; threads vary.
        usage_percent = psutil.cpu_percent(_CPU_INTERVAL_S)
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage(str(_nearest_existing(self._data_dir)))
        return SystemStats(
            cpu=CpuStats(usage_percent=usage_percent, count=psutil.cpu_count() or 1),
            memory=MemoryStats(
                total=memory.total,
                used=memory.used,
                available=memory.available,
                percent=memory.percent,
            ),
            gpu=self._gpus(),
            disk=DiskStats(total=disk.total, used=disk.used, free=disk.free, percent=disk.percent),
            timestamp=datetime.now(UTC),
        )


def _nearest_existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
