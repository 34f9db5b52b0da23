"""Makes the engine from the settings: its registry, and the backend on which its models run."""

import mlflow

from serving.engine.backend import Backend
from serving.engine.embedded import EmbeddedBackend, choose_device
from serving.engine.ray_environment import prepare_environment
from serving.engine.registry import ModelRegistry
from serving.engine.served_model import CountBatch, count_nothing
from serving.engine.serving_engine import ServingEngine
from serving.settings import EngineKind, ServingSettings, StartError
from tracking_plugin.adopted_server import adopt_server, require_tracking_uri
from tracking_plugin.server_address import AddressError, is_server


def open_serving_engine(
    settings: ServingSettings, count_batch: CountBatch | None = None
) -> ServingEngine:
    """The engine, not yet started. Raises StartError."""
    registry = open_registry(settings)
    return ServingEngine(
        settings,
        registry=registry,
        backend=_backend(settings, registry),
        count_batch=count_batch or count_nothing,
    )


def _backend(settings: ServingSettings, registry: ModelRegistry) -> Backend:
    if settings.engine is EngineKind.RAY:
        prepare_environment(settings.ray_address)
        # Ray's import takes seconds, and reads the environment.
        from serving.engine.ray_backend import RayBackend  # noqa: PLC0415

        return RayBackend(registry, settings)
    return EmbeddedBackend(
        registry, device=choose_device(settings.device), max_batch=settings.max_batch_size
    )


def open_registry(settings: ServingSettings) -> ModelRegistry:
    """The registry that the settings or the environment name. Raises StartError."""
    return ModelRegistry(_tracking_uri(settings))


def _tracking_uri(settings: ServingSettings) -> str:
    """The registry's address without credentials, which MLflow's client finds in the environment."""
    try:
        uri = settings.tracking_uri.strip() or require_tracking_uri()
        if is_server(uri):
            return adopt_server(uri)
    except AddressError as error:
        raise StartError(f"FOVEA_SERVING_TRACKING_URI or MLFLOW_TRACKING_URI: {error}.") from None
    mlflow.set_tracking_uri(uri)
    return uri
