"""One training as every rank gets it from its launcher: plain values that travel between machines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPOOL = "spool"
"""Folder of a run's work folder in which the tracker keeps what has not been delivered."""


def work_dir(data_dir: Path, run_id: str) -> Path:
    """Where a run keeps what has not reached the tracking server yet."""
    return data_dir.resolve() / "work" / run_id


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """What is trained, as which MLflow run."""

    recipe: str
    config: Mapping[str, Any]
    """The complete configuration, as plain JSON."""
    run_id: str
    tracking_uri: str
    artifact_uri: str
    """Known beforehand, so that a restart during an outage needs no server."""
    data_dir: Path
    use_gpu: bool
    is_resumed: bool
    """Whether the run was begun earlier, so that its params are on record."""
    shows_bars: bool
    """Whether a person's terminal is at the other end."""
    register_as: str
    delivery_timeout_s: float

    @property
    def work_dir(self) -> Path:
        """Where the run keeps what has not reached the tracking server yet."""
        return work_dir(self.data_dir, self.run_id)

    @property
    def spool_dir(self) -> Path:
        """Where the tracker keeps what has not been delivered."""
        return self.work_dir / SPOOL
