"""Says whether the service can diagnose: B's Health answer, and the statuses of `grpc.health.v1`."""

import asyncio
import time
from collections.abc import Callable

from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health_aio

from serving.engine.protocol import Engine, ModelDescription
from serving.server.gpu import GpuState, read_gpu
from serving.v1 import diagnosis_pb2 as messages

SERVICES = ("", "serving.v1.DiagnosisService")
PREDICTIONS = "serving.v1.PredictionService"
FOLLOW_INTERVAL_S = 0.25

DRAINING = "The service is ending: send requests to another one."


class Health:
    """Healthy while a model is loaded and the service does not end."""

    def __init__(
        self,
        engine: Engine,
        *,
        engine_kind: str,
        num_waiting: Callable[[], int],
        read: Callable[[], GpuState] = read_gpu,
    ) -> None:
        self.servicer = health_aio.HealthServicer()
        self._engine = engine
        self._engine_kind = engine_kind
        self._num_waiting = num_waiting
        self._read_gpu = read
        self._started = time.monotonic()
        self._is_draining = False

    async def answer(self) -> messages.HealthResponse:
        # The management library may take seconds to load.
        gpu = await asyncio.to_thread(self._read_gpu)
        served = self._engine.current()
        return messages.HealthResponse(
            is_healthy=served is not None and not self._is_draining,
            gpu_status=gpu.status,
            gpu_memory_used_mb=gpu.memory_used_mb,
            gpu_memory_total_mb=gpu.memory_total_mb,
            model_loaded=shown(served) if served else "",
            uptime_seconds=time.monotonic() - self._started,
            message=DRAINING if self._is_draining else self._engine.message,
            model=version_message(served) if served else None,
            engine=self._engine_kind,
            queued=self._num_waiting() + self._engine.num_queued,
        )

    async def update(self) -> None:
        """Report SERVING to `grpc.health.v1`: of diagnoses if a model is loaded, else NOT_SERVING."""
        states = health_pb2.HealthCheckResponse
        is_ready = self._engine.current() is not None
        for service in SERVICES:
            await self.servicer.set(service, states.SERVING if is_ready else states.NOT_SERVING)
        # Models of tables are loaded when they are asked for.
        await self.servicer.set(PREDICTIONS, states.SERVING)

    async def follow(self) -> None:
        """Keep the statuses current; runs until it is cancelled."""
        while True:
            await self.update()
            await asyncio.sleep(FOLLOW_INTERVAL_S)

    async def drain(self) -> None:
        """Report NOT_SERVING from now on."""
        self._is_draining = True
        await self.servicer.enter_graceful_shutdown()


def shown(model: ModelDescription) -> str:
    return f"{model.name} {model.version}"


def version_message(model: ModelDescription) -> messages.ModelVersion:
    return messages.ModelVersion(name=model.name, version=model.version, run_id=model.run_id)
