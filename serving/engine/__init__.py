"""The inference engine: models of the registry, batches, and versions that take over without a pause."""

from serving.engine.protocol import Engine
from serving.settings import ServingSettings


def open_engine(settings: ServingSettings) -> Engine:
    """The engine that the settings name; it does nothing before `start`.

    Raises StartError if it cannot run on this machine.
    """
    # Importing PyTorch and MLflow takes seconds, which readers of the protocol do without.
    from serving.engine.opening import open_serving_engine  # noqa: PLC0415

    return open_serving_engine(settings)
