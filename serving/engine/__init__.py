"""The inference engine: models of the registry, batches, and versions that take over without a pause."""

from collections.abc import Callable

from serving.engine.protocol import Engine
from serving.settings import ServingSettings


def open_engine(
    settings: ServingSettings, count_batch: Callable[[int], None] | None = None
) -> Engine:
    """The engine that the settings name; it does nothing before `start`.

    `count_batch` sees the number of images of each batch that is predicted. Raises StartError if the
    engine cannot run on this machine.
    """
    # Importing PyTorch and MLflow takes seconds, which readers of the protocol do without.
    from serving.engine.opening import open_serving_engine  # noqa: PLC0415

    return open_serving_engine(settings, count_batch)
