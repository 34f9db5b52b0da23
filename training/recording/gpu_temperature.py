"""Monitors the temperatures of the GPUs, which MLflow's own monitor leaves out."""

import pynvml  # type: ignore[import-untyped]
from mlflow.system_metrics.metrics.base_metrics_monitor import BaseMetricsMonitor


class GpuTemperatureMonitor(BaseMetricsMonitor):
    """`gpu_<index>_temperature_celsius`, the maximum of its samples; without a driver, no metric."""

    def __init__(self) -> None:
        super().__init__()
        self._gpus = _gpus()

    def collect_metrics(self) -> None:
        for index, gpu in enumerate(self._gpus):
            try:
                celsius = pynvml.nvmlDeviceGetTemperature(gpu, pynvml.NVML_TEMPERATURE_GPU)
            except pynvml.NVMLError:
                # The GPU has failed, or does not report its temperature.
                continue
            self._metrics[f"gpu_{index}_temperature_celsius"].append(float(celsius))

    def aggregate_metrics(self) -> dict[str, float]:
        return {name: max(samples) for name, samples in self._metrics.items() if samples}


def _gpus() -> list[object]:
    """Handles of the GPUs of this machine."""
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        return [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
    except pynvml.NVMLError:
        return []
