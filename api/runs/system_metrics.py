"""The load of the training machine, from the run's metrics `system/…`."""

from collections.abc import Mapping

from api.runs.metric_values import finite
from api.runs.schemas import GpuUsage, SystemMetrics
from tracking_plugin.events import LoggedPoint

_MB_PER_GB = 1000
_CPU = "system/cpu_utilization_percentage"
_RAM = "system/system_memory_usage_percentage"
_GPU = "system/gpu_0_"


def system_metrics(latest: Mapping[str, LoggedPoint]) -> SystemMetrics:
    """The fields that frontends show; one is null if the run does not log its metric."""

    def value(name: str) -> float | None:
        point = latest.get(name)
        return None if point is None else finite(point.value).value

    used_mb = value(f"{_GPU}memory_usage_megabytes")
    used_percent = value(f"{_GPU}memory_usage_percentage")
    gpu = GpuUsage(
        usage=value(f"{_GPU}utilization_percentage"),
        memory_used=None if used_mb is None else used_mb / _MB_PER_GB,
        memory_total=used_mb / used_percent * 100 / _MB_PER_GB
        if used_mb and used_percent
        else None,
        temperature=value(f"{_GPU}temperature_celsius"),
    )
    return SystemMetrics(cpu_usage=value(_CPU), ram_usage=value(_RAM), gpu=gpu)
