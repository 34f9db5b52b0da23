"""The statistics of the server's machine."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.routes import stats
from api.system.gpus import GpuStats
from api.system.stats import MachineStats


def no_gpus() -> list[GpuStats]:
    return []


def test_the_machine_is_measured_in_the_documented_units(tmp_path: Path) -> None:
    read = MachineStats(tmp_path, no_gpus).read()

    assert read.memory.total == psutil.virtual_memory().total
    assert read.cpu.count == psutil.cpu_count()
    assert 0 <= read.cpu.usage_percent <= 100
    assert read.disk.total == psutil.disk_usage(str(tmp_path)).total
    assert 0 <= read.disk.percent <= 100
    assert read.gpu == []


def test_the_processor_is_measured_in_every_thread(tmp_path: Path) -> None:
    machine = MachineStats(tmp_path, no_gpus)

    with ThreadPoolExecutor(1) as another_thread:
        reading = another_thread.submit(machine.read)
        while not reading.done():
            sum(range(1000))

    assert reading.result().cpu.usage_percent > 0


def test_a_missing_folder_is_on_the_disk_of_its_parent(tmp_path: Path) -> None:
    read = MachineStats(tmp_path / "not" / "yet", no_gpus).read()

    assert read.disk.total == psutil.disk_usage(str(tmp_path)).total


def test_a_measurement_is_cached_for_a_second(tmp_path: Path) -> None:
    now, num_read = 100.0, 0

    def gpus() -> list[GpuStats]:
        nonlocal num_read
        num_read += 1
        return []

    machine = MachineStats(tmp_path, gpus, clock=lambda: now)
    first = machine.read()
    now = 100.9
    assert machine.read() is first
    now = 101.0
    assert machine.read() is not first
    assert num_read == 2


def test_the_route_works_without_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = FastAPI()
    app.state.machine = MachineStats(tmp_path, no_gpus)
    app.include_router(stats.router)

    response = TestClient(app).get("/api/stats")

    assert response.status_code == 200
    assert response.json().keys() == {"cpu", "memory", "gpu", "disk", "timestamp"}
    assert response.json()["disk"].keys() == {"total", "used", "free", "percent"}
