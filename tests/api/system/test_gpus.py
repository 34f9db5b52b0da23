"""GPUs are read from NVIDIA's driver, and a failing driver does not fail a request."""

import threading
from types import SimpleNamespace

import pynvml
import pytest

from api.system.gpus import BoundedReading, GpuStats, NvidiaDriver

GB = 2**30


class Driver:
    """A fake NVML with two GPUs, of which the second has no sensors."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.num_opened = 0
        self.failure: pynvml.NVMLError | None = None
        replaced = {
            "nvmlInit": self.open,
            "nvmlDeviceGetCount": self.count,
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            "nvmlDeviceGetName": lambda device: f"NVIDIA A100 number {device}",
            "nvmlDeviceGetMemoryInfo": self.sensor(SimpleNamespace(used=10 * GB, total=40 * GB)),
            "nvmlDeviceGetUtilizationRates": self.sensor(SimpleNamespace(gpu=95, memory=40)),
            "nvmlDeviceGetTemperature": self.sensor(78),
        }
        for name, function in replaced.items():
            monkeypatch.setattr(pynvml, name, function)

    def open(self) -> None:
        self.num_opened += 1
        self.fail()

    def count(self) -> int:
        self.fail()
        return 2

    def fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    def sensor(self, value: object) -> object:
        def read(device: int, *_: object) -> object:
            if device == 1:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
            return value

        return read


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    return Driver(monkeypatch)


def test_each_gpu_has_the_values_that_it_reports(driver: Driver) -> None:
    nvidia = NvidiaDriver()

    first, second = nvidia.gpus()

    assert first == GpuStats(
        id=0,
        name="NVIDIA A100 number 0",
        load=95,
        memory_used=10 * GB,
        memory_total=40 * GB,
        memory_percent=25.0,
        temperature=78,
    )
    assert second.name == "NVIDIA A100 number 1"
    assert second.load is second.memory_used is second.memory_percent is second.temperature is None
    nvidia.gpus()
    assert driver.num_opened == 1


def test_without_a_driver_there_are_no_gpus_and_one_attempt(driver: Driver) -> None:
    driver.failure = pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)
    nvidia = NvidiaDriver()

    assert nvidia.gpus() == nvidia.gpus() == []
    assert driver.num_opened == 1


def test_a_driver_that_fails_temporarily_is_read_again(driver: Driver) -> None:
    nvidia = NvidiaDriver()
    assert len(nvidia.gpus()) == 2

    driver.failure = pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
    assert nvidia.gpus() == []
    driver.failure = None
    assert len(nvidia.gpus()) == 2


GPU = GpuStats(
    id=0,
    name="NVIDIA A100",
    load=1,
    memory_used=1,
    memory_total=2,
    memory_percent=50,
    temperature=30,
)


def test_a_driver_that_hangs_delays_one_reading_and_recovers() -> None:
    may_answer, num_asked = threading.Event(), 0

    def read() -> list[GpuStats]:
        nonlocal num_asked
        num_asked += 1
        may_answer.wait()
        return [GPU]

    reading = BoundedReading(read, timeout_s=0.01)
    assert reading.gpus() == []
    assert reading.gpus() == []
    assert num_asked == 1

    may_answer.set()
    assert BoundedReading(read, timeout_s=60).gpus() == [GPU]


def test_a_reading_that_fails_leaves_no_old_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [[GPU], None]
    failures: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failures.append(str(args.exc_value)))

    def read() -> list[GpuStats]:
        if (answer := answers.pop(0)) is None:
            raise RuntimeError("no such device")
        return answer

    reading = BoundedReading(read, timeout_s=60)

    assert reading.gpus() == [GPU]
    assert reading.gpus() == []
    assert failures == ["no such device"]
