"""One training as its launcher sends it to every rank: plain values that travel between machines."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracking_plugin.server_environment import credential_variables

SPOOL = "spool"
"""Folder in a run's work folder with the tracker's undelivered records."""
CONFIG_ARTIFACT = "config.json"
"""The recipe and the configuration of a run, as a resumed training and an evaluation read them."""


def work_dir(data_dir: Path, run_id: str) -> Path:
    """The folder of what a run has not delivered to the tracking server yet."""
    return data_dir.resolve() / "work" / run_id


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """A recipe with its complete configuration, and the MLflow run that records its training."""

    recipe: str
    recipe_version: int
    config: Mapping[str, Any]
    """The complete configuration, as plain JSON."""
    requested: Mapping[str, Any]
    """The settings that the person has given, of which `config` is made."""
    launch: Mapping[str, Any]
    """The launch settings that the person has given."""
    run_id: str
    tracking_uri: str
    artifact_uri: str
    """Part of the job, so that a restart during an outage needs no server."""
    data_dir: Path
    use_gpu: bool
    shows_bars: bool
    """Whether the driver's standard error is a terminal."""
    register_as: str
    delivery_timeout_s: float
    credentials: Mapping[str, str] = field(default_factory=credential_variables, repr=False)
    """MLflow's environment variables, for ranks on machines that have others; Ray shows the repr."""

    @property
    def work_dir(self) -> Path:
        """The folder of what the run has not delivered to the tracking server yet."""
        return work_dir(self.data_dir, self.run_id)

    @property
    def spool_dir(self) -> Path:
        """The folder of the tracker's undelivered records."""
        return self.work_dir / SPOOL

    def remove_work_dir(self) -> None:
        """Remove the work folder if everything in it is delivered."""
        with contextlib.suppress(OSError):
            self.work_dir.rmdir()
