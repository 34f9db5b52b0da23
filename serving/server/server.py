"""The gRPC server with all its services: starts, reports its health, and drains."""

import asyncio
import logging
from collections.abc import Sequence

import grpc.aio
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from serving.engine.protocol import Engine
from serving.server.admission import Admission
from serving.server.diagnosis_service import DiagnosisService, Pipeline
from serving.server.endpoint import bind, server_options
from serving.server.health import Health
from serving.server.metrics import Metrics
from serving.server.prediction_service import PredictionService
from serving.server.request_log import RequestLog
from serving.server.spool import Spool
from serving.server.tokens import TokenInterceptor
from serving.settings import ServingSettings
from serving.tables.table_serving import TableServing
from serving.v1 import (
    diagnosis_pb2,
    diagnosis_pb2_grpc,
    predictions_pb2,
    predictions_pb2_grpc,
)

SPARE_RPCS = 512
"""Calls beyond the admitted ones: those that are being refused, and health checks, which never wait."""

logger = logging.getLogger(__name__)


class DiagnosisServer:
    """Serves the pipeline and the models of tables.

    The engine, the tables, the spool and what the pipeline needs are its caller's to open.
    """

    def __init__(
        self,
        settings: ServingSettings,
        *,
        pipeline: Pipeline,
        engine: Engine,
        tables: TableServing,
        spool: Spool,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        log = RequestLog(metrics)
        admission, of_tables = (
            Admission(max_active=settings.max_active, max_waiting=settings.max_waiting)
            # Tables take no place of an image.
            for _ in range(2)
        )
        self._health = Health(
            engine,
            engine_kind=settings.engine.value,
            num_waiting=lambda: admission.num_waiting,
        )
        self._service = DiagnosisService(
            settings,
            pipeline=pipeline,
            admission=admission,
            spool=spool,
            health=self._health,
            log=log,
        )
        self._predictions = PredictionService(
            settings,
            models=tables.models,
            predictor=tables.predictor,
            admission=of_tables,
            spool=spool,
            log=log,
        )
        metrics.follow(
            queue_length=lambda: admission.num_waiting + of_tables.num_waiting,
            queued_images=lambda: engine.num_queued,
            table_models=lambda: tables.models.num_loaded,
            model=engine.current,
        )
        self._server: grpc.aio.Server | None = None
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen, and return the port. Raises StartError."""
        settings = self._settings
        server = grpc.aio.server(
            interceptors=self._interceptors(),
            options=server_options(),
            maximum_concurrent_rpcs=2 * (settings.max_active + settings.max_waiting) + SPARE_RPCS,
        )
        diagnosis_pb2_grpc.add_DiagnosisServiceServicer_to_server(self._service, server)
        predictions_pb2_grpc.add_PredictionServiceServicer_to_server(self._predictions, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health.servicer, server)
        reflection.enable_server_reflection(_service_names(), server)
        port = bind(server, settings)
        await self._health.update()
        await server.start()
        self._server = server
        self._following = asyncio.create_task(self._health.follow())
        return port

    async def stop(self, grace_s: float) -> None:
        """Accept no more requests, and cancel those that have not ended after `grace_s`.

        A second call may shorten the time.
        """
        if self._following is not None:
            self._following.cancel()
        await self._health.drain()
        if self._server is not None:
            await self._server.stop(grace_s)

    def _interceptors(self) -> Sequence[grpc.aio.ServerInterceptor]:
        token = self._settings.token
        return [TokenInterceptor(token, self._metrics.count_unauthenticated)] if token else []


def _service_names() -> Sequence[str]:
    diagnosis = diagnosis_pb2.DESCRIPTOR.services_by_name["DiagnosisService"].full_name
    predictions = predictions_pb2.DESCRIPTOR.services_by_name["PredictionService"].full_name
    return diagnosis, predictions, health.SERVICE_NAME, reflection.SERVICE_NAME
