"""The interface of a recipe in the registry: how it is configured, checked and trained, without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from tracking_plugin.instruction_inbox import TakenInstruction
from training.config import FrozenConfig
from training.job import TrainingJob


class Tracker(Protocol):
    """Records metrics, documents and images of a run; never waits for a network."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None: ...

    def expedite(self) -> None:
        """Send what was logged so far now, instead of collecting more for one request."""

    def log_json(self, value: object, artifact_path: str) -> None: ...

    def log_image(self, image: np.ndarray[Any, Any], key: str, step: int) -> None: ...

    def set_tags(self, tags: Mapping[str, str]) -> None: ...

    def show_image(self, image: np.ndarray[Any, Any]) -> None:
        """Make `image` (height x width x 3, uint8) the run's current one, in place of the one before."""


@dataclass(frozen=True, kw_only=True)
class DatasetDescription:
    """The data set of a run, as MLflow records it."""

    name: str
    digest: str
    source: str
    """A local path."""
    profile: Mapping[str, Any]
    artifacts: Mapping[str, Any] = field(default_factory=dict)
    """Further facts as plain JSON, by artifact path; no names of files, which may name patients."""


@dataclass(frozen=True, kw_only=True)
class RunDescription:
    """The facts that a run records when its training begins, beside its configuration."""

    params: Mapping[str, str]
    dataset: DatasetDescription
    document: Mapping[str, Any] = field(default_factory=dict)
    """Plain JSON that a later evaluation of the run reads."""
    identity: Mapping[str, Any] = field(default_factory=dict)
    """Plain JSON: further facts that a resume must find unchanged, by the words that name them."""
    world_size: int = 1
    samples_per_step: int = 0
    """Samples of one optimizer step over all ranks; 0 for a training without such steps."""
    initial_weights: str = ""
    """SHA-256 of the file of pre-trained weights; empty without one."""


class TrainingSession(Protocol):
    """The run of a program recipe: its tracker, and the commands that it must follow."""

    @property
    def tracker(self) -> Tracker: ...

    def begin(self, description: RunDescription) -> None:
        """Record the configuration and the data set; the run is RUNNING from here on."""

    def should_stop(self, step: int) -> bool:
        """Whether the run must end after `step`, the last finished one; blocks while it is paused."""

    def understand(self, *names: str) -> None:
        """Say which one-time commands the recipe takes, before `begin`: all others are refused.

        Raises ValueError for a name that no command can have.
        """

    def take_instructions(self, step: int) -> list[TakenInstruction]:
        """The one-time commands that came since the last call, oldest first; answer each of them.

        Call it between two steps; `step` is the last finished one. Any thread may call it. Each
        command is given once, also if the job is killed and started again.
        """


class RecipeSpec(Protocol):
    """A recipe in the registry.

    It is also a `LoopSpec` of `training.recipe`, which the torch loop trains, or a `ProgramSpec`,
    which trains by itself.
    """

    @property
    def config_class(self) -> type[FrozenConfig]: ...

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> FrozenConfig:
        """The complete configuration. Raises ConfigError that names every wrong field."""

    def check(self, config: FrozenConfig, data_dir: Path) -> None:
        """Raise TrainingError for what can be found wrong before any rank is started."""


@runtime_checkable
class ProgramSpec(RecipeSpec, Protocol):
    """A recipe that trains by itself in one process, without the torch loop and its ranks."""

    def run(self, job: TrainingJob, session: TrainingSession) -> None:
        """Train to the end, or until `session.should_stop`. Raises TrainingError if it fails."""
