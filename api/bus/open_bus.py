"""The bus that the settings name, and what it asks of the server."""

import click

from api.bus.memory_bus import MemoryBus
from api.bus.protocol import Bus
from api.bus.redis_bus import RedisBus
from api.errors import StartError
from api.settings import PREFIX

_MEMORY = "memory://"
_MLFLOW_WORKERS = 4
"""What `mlflow server` starts where nobody says how many."""


def open_bus(url: str, retention: int) -> Bus:
    """The bus at `url`; it connects when it runs."""
    if not is_shared(url):
        return MemoryBus(retention)
    return RedisBus(url, retention)


def is_shared(url: str) -> bool:
    """Whether several processes can meet on the bus at `url`."""
    return not url.startswith(_MEMORY)


def require_shared(url: str, num_workers: int) -> None:
    """StartError where several processes would each keep their events to themselves."""
    if num_workers > 1 and not is_shared(url):
        raise StartError(
            f"{num_workers} server processes need a bus that they share: set {PREFIX}BUS_URL, as in "
            f"{PREFIX}BUS_URL=redis://localhost:6379, or start one process with --workers 1"
        )


def require_shared_hub(url: str) -> None:
    """StartError where a hub apart would have nothing to follow."""
    if not is_shared(url):
        raise StartError(
            f"A hub apart from the server follows a bus that both share: set {PREFIX}BUS_URL for "
            f"both, as in {PREFIX}BUS_URL=redis://localhost:6379"
        )


def num_workers_here() -> int:
    """How many processes `mlflow server`, which looks at the application first, is about to start."""
    context = click.get_current_context(silent=True)
    if context is None or "workers" not in context.params:
        return 1
    workers = context.params["workers"]
    return _MLFLOW_WORKERS if workers is None else int(workers)
