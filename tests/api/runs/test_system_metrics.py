import math

import pytest

from api.runs.schemas import GpuUsage, SystemMetrics
from api.runs.system_metrics import system_metrics
from tracking_plugin.events import LoggedPoint


def latest(**values: float) -> dict[str, LoggedPoint]:
    return {
        f"system/{name}": LoggedPoint(f"system/{name}", value, 1, 1)
        for name, value in values.items()
    }


def test_a_machine_is_shown_as_mlflow_measured_it() -> None:
    measured = latest(
        cpu_utilization_percentage=12.5,
        system_memory_usage_percentage=40,
        gpu_0_utilization_percentage=97,
        gpu_0_memory_usage_megabytes=2000,
        gpu_0_memory_usage_percentage=25,
        gpu_0_temperature_celsius=61,
        gpu_1_utilization_percentage=3,
    )
    assert system_metrics(measured) == SystemMetrics(
        cpu_usage=12.5,
        ram_usage=40,
        gpu=GpuUsage(usage=97, memory_used=2, memory_total=8, temperature=61),
    )


def test_a_run_without_system_metrics_has_empty_values() -> None:
    assert system_metrics({}) == SystemMetrics()
    assert system_metrics(latest(disk_usage_percentage=4)) == SystemMetrics()
    assert system_metrics({"val/loss": LoggedPoint("val/loss", 1, 1, 1)}) == SystemMetrics()


def test_a_machine_without_gpu_shows_none() -> None:
    machine = system_metrics(latest(cpu_utilization_percentage=1))
    assert machine == SystemMetrics(cpu_usage=1, gpu=GpuUsage())


@pytest.mark.parametrize(
    ("used_mb", "used_percent"), [(2048, 0), (0, 0), (2048, math.nan), (math.nan, 5), (0, 5)]
)
def test_a_total_that_cannot_be_computed_is_null(used_mb: float, used_percent: float) -> None:
    machine = system_metrics(
        latest(gpu_0_memory_usage_megabytes=used_mb, gpu_0_memory_usage_percentage=used_percent)
    )
    assert machine.gpu.memory_total is None


def test_a_measurement_that_is_not_finite_is_null() -> None:
    assert system_metrics(latest(cpu_utilization_percentage=math.nan)) == SystemMetrics()
