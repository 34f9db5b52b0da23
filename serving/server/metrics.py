"""Counts requests, times and failures for Prometheus; no label names a patient, a file or a caller."""

from collections.abc import Callable, Iterable
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from serving.engine.protocol import ModelDescription
from serving.errors import Reason

LOOPBACK = "127.0.0.1"

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The series of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "fovea_serving_requests",
            "Requests by method and gRPC status.",
            ["method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "fovea_serving_request_seconds",
            "Seconds from the first message of a request to its end.",
            ["method"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._unauthenticated = Counter(
            "fovea_serving_unauthenticated",
            "Calls without the service's token.",
            registry=self.registry,
        )
        self._decode_failures = Counter(
            "fovea_serving_decode_failures",
            "Files that could not be decoded, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self._rows = Counter(
            "fovea_serving_predicted_rows",
            "Rows of tables that were predicted.",
            registry=self.registry,
        )
        self._batch_size = Histogram(
            "fovea_serving_batch_size",
            "Images that the model predicted at one time.",
            buckets=_IMAGES,
            registry=self.registry,
        )

    def count_request(self, method: str, status: str, seconds: float) -> None:
        self._requests.labels(method, status).inc()
        self._seconds.labels(method).observe(seconds)

    def count_unauthenticated(self) -> None:
        self._unauthenticated.inc()

    def count_decode_failure(self, reason: Reason) -> None:
        self._decode_failures.labels(reason.value).inc()

    def count_batch(self, num_images: int) -> None:
        self._batch_size.observe(num_images)

    def count_rows(self, num_rows: int) -> None:
        self._rows.inc(num_rows)

    def follow(
        self,
        *,
        queue_length: Callable[[], int],
        queued_images: Callable[[], int],
        table_models: Callable[[], int],
        model: Callable[[], ModelDescription | None],
    ) -> None:
        """Report what these functions return whenever Prometheus asks."""
        Gauge(
            "fovea_serving_queue_length",
            "Requests, and images of batches, that wait for their turn.",
            registry=self.registry,
        ).set_function(queue_length)
        Gauge(
            "fovea_serving_queued_images",
            "Images that wait for the model.",
            registry=self.registry,
        ).set_function(queued_images)
        Gauge(
            "fovea_serving_table_models",
            "Models of tables that are loaded.",
            registry=self.registry,
        ).set_function(table_models)
        self.registry.register(_ServedModel(model))


class _ServedModel(Collector):
    def __init__(self, model: Callable[[], ModelDescription | None]) -> None:
        self._model = model

    def collect(self) -> Iterable[Metric]:
        family = InfoMetricFamily("fovea_serving_model", "The version that is served.")
        if (served := self._model()) is not None:
            labels = {"name": served.name, "version": served.version, "run_id": served.run_id}
            family.add_metric([], labels)
        yield family


def start_metrics_server(metrics: Metrics, port: int) -> WSGIServer:
    """Answer Prometheus on a loopback port, in a thread. Raises OSError if the port is taken."""
    server, _ = start_http_server(port, addr=LOOPBACK, registry=metrics.registry)
    return server
