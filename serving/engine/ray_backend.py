"""Runs models as applications of Ray Serve, one for each version, each with one or more replicas."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from ray import serve
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, RayServeException, ReplicaUnavailableError
from ray.serve.handle import DeploymentHandle
from ray.serve.schema import ApplicationStatus

from serving.engine.batcher import FAILED, TOO_LATE
from serving.engine.model_file import ModelRefusedError
from serving.engine.preparation import Preparation
from serving.engine.protocol import Array, ModelDescription, ModelOutput, RawHeatMap
from serving.engine.ray_connection import RayConnection
from serving.engine.ray_options import deployment_options, parallel_calls
from serving.engine.ray_replica import Loaded, ModelReplica, SegmentationReplica
from serving.engine.registry import ModelRegistry, RegisteredVersion, RegistryError
from serving.errors import Reason, ServingError
from serving.settings import ServingSettings

logger = logging.getLogger(__name__)

T = TypeVar("T")

MAX_ATTEMPTS = 4
ATTEMPT_INTERVAL_S = 0.25
FIRST_ANSWER_S = 60.0
DELETE_DEADLINE_S = 90.0
READY_POLL_S = 0.2


class RayBackend:
    """Loads versions onto the replicas of a Ray cluster."""

    def __init__(self, registry: ModelRegistry, settings: ServingSettings) -> None:
        self._registry = registry
        self._settings = settings
        self._connection = RayConnection(settings.ray_address)
        # Ray's calls block; those that wait long must not keep the others from being made.
        self._calling = ThreadPoolExecutor(4, thread_name_prefix="ray")

    async def load(self, version: RegisteredVersion) -> "RayRunner":
        app, loaded = await self._started(ModelReplica, version)
        assert loaded.description is not None  # a classifier has one
        assert loaded.preparation is not None
        num_parallel = parallel_calls(self._settings)
        return RayRunner(app, loaded.description, loaded.preparation, num_parallel=num_parallel)

    async def load_segmenter(self, version: RegisteredVersion) -> "RaySegmenter":
        app, loaded = await self._started(SegmentationReplica, version)
        assert loaded.preparation is not None  # a segmentation model has one
        num_parallel = parallel_calls(self._settings)
        return RaySegmenter(app, loaded.preparation, loaded.classes, num_parallel=num_parallel)

    async def close(self) -> None:
        await self._call(self._connection.close)
        self._calling.shutdown(wait=False, cancel_futures=True)

    async def _started(
        self, replica: type, version: RegisteredVersion
    ) -> tuple["RayApplication", Loaded]:
        """The application of a version, and what its replica has loaded."""
        await self._call(self._connection.open)
        name = self._connection.new_app_name()
        try:
            handle = await self._call(lambda: self._deploy(name, replica, version))
            await self._until_ready(name)
            async with asyncio.timeout(FIRST_ANSWER_S):
                loaded: Loaded = await handle.loaded.remote()
            _require_loaded(loaded)
        except BaseException:
            await self._delete(name)
            raise
        return RayApplication(handle, lambda: self._delete(name)), loaded

    def _deploy(
        self, name: str, replica: type, version: RegisteredVersion
    ) -> DeploymentHandle[Any]:
        options = deployment_options(self._settings, has_gpus=self._connection.has_gpus)
        deployment = serve.deployment(**options)(replica)
        app = deployment.bind(
            self._registry.tracking_uri,
            version,
            device=self._settings.device,
            max_batch=self._settings.max_batch_size,
        )
        (handle,) = serve.run_many(
            [serve.RunTarget(target=app, name=name, route_prefix=None)],
            wait_for_applications_running=False,
        )
        return handle

    async def _until_ready(self, name: str) -> None:
        """Wait for the replicas, for as long as the caller allows. Raises ModelRefusedError."""
        while True:
            status = await self._call(lambda: serve.status().applications.get(name))
            if status is not None and status.status is ApplicationStatus.RUNNING:
                return
            if status is not None and status.status is ApplicationStatus.DEPLOY_FAILED:
                raise ModelRefusedError(
                    "Ray Serve could not start it; `serve status` and the logs of Ray say why"
                )
            await asyncio.sleep(READY_POLL_S)

    async def _delete(self, name: str) -> None:
        try:
            async with asyncio.timeout(DELETE_DEADLINE_S):
                await self._call(lambda: serve.delete(name))
        except (RayServeException, RayError, RuntimeError, TimeoutError) as error:
            logger.warning("An application was not deleted (%s).", type(error).__name__)

    async def _call(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._calling, call)


def _require_loaded(loaded: Loaded) -> None:
    if loaded.registry_problem:
        raise RegistryError(loaded.registry_problem)
    if loaded.refusal:
        raise ModelRefusedError(loaded.refusal)


class RayApplication:
    """The application of one version, and its replicas."""

    def __init__(
        self, handle: DeploymentHandle[Any], delete: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        self.handle = handle
        self.delete = delete

    async def answer(self, call: Callable[[], Any], *, timeout_s: float) -> Any:
        """The answer of a replica. One that dies is replaced by another, as often as time allows."""
        end = time.monotonic() + timeout_s
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                async with asyncio.timeout(max(0.0, end - time.monotonic())):
                    return await call()
            except TimeoutError:
                raise ServingError(Reason.DEADLINE_EXCEEDED, TOO_LATE) from None
            except (RayActorError, ReplicaUnavailableError) as error:
                logger.warning(
                    "A replica was lost (%s), attempt %d.", type(error).__name__, attempt
                )
                await asyncio.sleep(ATTEMPT_INTERVAL_S * attempt)
            except asyncio.CancelledError:
                # Serve also raises this when a replica ends during the call.
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                logger.warning("A replica ended, attempt %d.", attempt)
                await asyncio.sleep(ATTEMPT_INTERVAL_S * attempt)
            except BackPressureError:
                raise ServingError(
                    Reason.QUEUE_FULL, "The queue of the replicas is full: try again later."
                ) from None
            except (RayError, RayServeException) as error:
                raise _failure(error) from error
        raise ServingError(
            Reason.MODEL_FAILED,
            f"The replicas of the model were lost {MAX_ATTEMPTS} times during the request.",
        )


class RayRunner:
    """A classifier on replicas."""

    def __init__(
        self,
        app: RayApplication,
        description: ModelDescription,
        preparation: Preparation,
        *,
        num_parallel: int,
    ) -> None:
        self._app = app
        self.description = description
        self.preparation = preparation
        self.num_parallel = num_parallel

    async def predict(self, images: Sequence[Array], *, timeout_s: float) -> list[ModelOutput]:
        batch = np.stack(images)
        logits, features = await self._app.answer(
            lambda: self._app.handle.predict.remote(batch), timeout_s=timeout_s
        )
        return [
            ModelOutput(logits=each, features=feature)
            for each, feature in zip(logits, features, strict=True)
        ]

    async def explain(self, image: Array, class_index: int, *, timeout_s: float) -> RawHeatMap:
        found: RawHeatMap = await self._app.answer(
            lambda: self._app.handle.explain.remote(image, class_index), timeout_s=timeout_s
        )
        return found

    async def close(self) -> None:
        await self._app.delete()


class RaySegmenter:
    """A segmentation model on replicas."""

    def __init__(
        self,
        app: RayApplication,
        preparation: Preparation,
        classes: tuple[str, ...],
        *,
        num_parallel: int,
    ) -> None:
        self._app = app
        self.preparation = preparation
        self.classes = classes
        self.num_parallel = num_parallel

    async def segment(self, image: Array, *, timeout_s: float) -> Array:
        found: Array = await self._app.answer(
            lambda: self._app.handle.segment.remote(image), timeout_s=timeout_s
        )
        return found

    async def close(self) -> None:
        await self._app.delete()


def _failure(error: RayError | RayServeException) -> ServingError:
    """What a replica has raised, if it is meant for the caller."""
    cause = error.cause if isinstance(error, RayTaskError) else None
    if isinstance(cause, ServingError):
        return ServingError(cause.reason, cause.message)
    logger.error("A replica failed: %s", type(cause or error).__name__)
    return ServingError(Reason.MODEL_FAILED, FAILED)
