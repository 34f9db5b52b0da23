"""Opens the bus that the settings name; a new kind of bus is added here and to BUS_SCHEMES."""

import click

from api.bus.memory_bus import MemoryBus
from api.bus.protocol import Bus
from api.errors import StartError
from api.settings import BUS_SCHEMES, PREFIX

_MLFLOW_WORKERS = 4
"""The number of processes that `mlflow server` starts by default."""


def open_bus(url: str, retention: int) -> Bus:
    """Return the bus at `url`; it connects once it runs."""
    if not is_shared(url):
        return MemoryBus(retention)
    # Most servers use no Redis, and its client takes 7 MB.
    from api.bus.redis_bus import RedisBus  # noqa: PLC0415

    return RedisBus(url, retention)


def is_shared(url: str) -> bool:
    """Whether several processes can use the bus at `url` together."""
    return BUS_SCHEMES[url.partition("://")[0]]


def require_shared(url: str, num_workers: int) -> None:
    """Raise StartError if several processes would each keep their events to themselves."""
    if num_workers > 1 and not is_shared(url):
        raise StartError(
            f"{num_workers} server processes need a shared bus: set {PREFIX}BUS_URL, as in "
            f"{PREFIX}BUS_URL=redis://localhost:6379, or start one process with --workers 1"
        )


def require_shared_hub(url: str) -> None:
    """Raise StartError if a separate hub would have no bus to follow."""
    if not is_shared(url):
        raise StartError(
            f"A separate hub follows a bus that it shares with the server: set {PREFIX}BUS_URL for "
            f"both, as in {PREFIX}BUS_URL=redis://localhost:6379"
        )


def num_workers_here() -> int:
    """The number of processes that `mlflow server`, which imports this first, is about to start."""
    context = click.get_current_context(silent=True)
    if context is None or "workers" not in context.params:
        return 1
    workers = context.params["workers"]
    return _MLFLOW_WORKERS if workers is None else int(workers)
