"""Records MLflow's system metrics through the tracker, so that they survive a server outage."""

from collections.abc import Mapping
from typing import Protocol

from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

from training.recording.gpu_temperature import GpuTemperatureMonitor


class MetricsLog(Protocol):
    """The part of a tracker that takes metrics."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None: ...


class RecordedSystemMetrics(SystemMetricsMonitor):
    """MLflow's monitors of CPU, memory, disk, network and GPUs, sampled in their own thread.

    MLflow's thread requests the status of the run from the server for each sample, and ends for good
    if there is no answer; this one samples until `finish`.
    """

    def __init__(self, run_id: str, tracking_uri: str, log: MetricsLog) -> None:
        super().__init__(run_id, resume_logging=True, tracking_uri=tracking_uri)
        self._log = log
        self.monitors.append(GpuTemperatureMonitor())

    def monitor(self) -> None:
        """Sample, aggregate and record until `finish`."""
        while not self._shutdown_event.is_set():
            for _ in range(self.samples_before_logging):
                self.collect_metrics()
                self._shutdown_event.wait(self.sampling_interval)
            self.publish_metrics(self.aggregate_metrics())

    def publish_metrics(self, metrics: Mapping[str, float]) -> None:
        """Record one set of samples under MLflow's names."""
        self._log.log_metrics(
            {f"{self._metrics_prefix}{name}": value for name, value in metrics.items()},
            self._logging_step,
        )
        self._logging_step += 1
        for monitor in self.monitors:
            monitor.clear_metrics()
