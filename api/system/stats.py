"""How busy the server's own machine is."""

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
    """Of the disk that the server's data is on, in bytes."""

    total: int
    used: int
    free: int
    percent: float


class SystemStats(BaseModel):
    """The server's machine; the one that trains is in a run's `system` metrics."""

    cpu: CpuStats
    memory: MemoryStats
    gpu: list[GpuStats]
    disk: DiskStats
    timestamp: datetime


class MachineStats:
    """One reading a second serves all who ask."""

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
        """Waits for the devices, so it belongs on a thread."""
        with self._lock:
            if self._newest is None or self._clock() >= self._fresh_until:
                self._newest = self._measure()
                self._fresh_until = self._clock() + _FRESH_S
            return self._newest

    def _measure(self) -> SystemStats:
        # Without an interval psutil counts from the same thread's last call, and threads change.
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
