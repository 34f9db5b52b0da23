"""GPU temperatures, with a fake of NVIDIA's driver instead of a GPU."""

import pynvml
import pytest

from training.recording.gpu_temperature import GpuTemperatureMonitor


def test_the_highest_sample_of_each_gpu_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = {0: iter([60, 87, 80]), 1: iter([41, 40, 40])}
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 2)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: index)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetTemperature", lambda gpu, sensor: next(samples[gpu]))
    monitor = GpuTemperatureMonitor()
    for _ in range(3):
        monitor.collect_metrics()
    assert monitor.aggregate_metrics() == {
        "gpu_0_temperature_celsius": 87.0,
        "gpu_1_temperature_celsius": 41.0,
    }
    monitor.clear_metrics()
    assert monitor.aggregate_metrics() == {}


def test_a_gpu_without_a_temperature_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(gpu: int, sensor: int) -> int:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)

    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 1)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: index)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetTemperature", refuse)
    monitor = GpuTemperatureMonitor()
    monitor.collect_metrics()
    assert monitor.aggregate_metrics() == {}


def test_a_machine_without_a_driver_has_no_temperatures(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", refuse)
    monitor = GpuTemperatureMonitor()
    monitor.collect_metrics()
    assert monitor.aggregate_metrics() == {}
