"""The interface of a job kind: what the server must know to create, run and show jobs of it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from api.jobs.params import Schema, require_params
from api.runs.reader import RunReader
from api.runs.state import RunState
from api.runs.status import effective_status
from tracking_plugin.data_roots import path_params
from tracking_plugin.names import RunStatus

Params = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """The MLflow run that a job creates. An experiment's id takes precedence over its name."""

    experiment: str = ""
    experiment_id: str | None = None
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class JobFacts:
    """The facts of a job that lists of jobs show."""

    type: str
    data: str | None = None
    config: Params
    output_name: str | None = None
    workers: int = 1


@dataclass(frozen=True, kw_only=True)
class SlotNeed:
    """What a job occupies while it runs: one slot for each rank."""

    num_slots: int
    is_on_cpu: bool = False
    """Whether it uses no GPU, also where there are some."""


class JobKind(ABC):
    """Stateless. Its parameters are plain JSON, stored with each job."""

    name: ClassVar[str]
    can_pause: ClassVar[bool] = False
    """Whether its program can save its state and continue from there."""
    can_resume: ClassVar[bool] = False
    """Whether a job that has failed or was stopped can be started again in its run."""

    @property
    @abstractmethod
    def params_schema(self) -> Schema:
        """JSON Schema of the parameters."""

    def require_params(self, params: Params, at: tuple[str, ...]) -> None:
        """Raises RequestValidationError that names each parameter, below `at`, which is refused."""
        require_params(self.params_schema, params, at)

    def paths(self, params: Params) -> Iterator[tuple[str, str]]:
        """Name and value of each parameter that is a path."""
        yield from path_params(self.params_schema, params)

    def own_folders(self, data_dir: Path) -> tuple[Path, ...]:
        """Folders of the server that its jobs may read, beside those of FOVEA_DATA_ROOTS."""
        return ()

    @abstractmethod
    def command(self, params: Params, run_id: str) -> str:
        """The shell command of the Ray job; `run_id` is the job's own MLflow run."""

    @abstractmethod
    def new_run(self, params: Params, reader: RunReader) -> NewRun:
        """The run to create. Blocking. Raises ApiError if `params` name a run that cannot be used."""

    def slots(self, params: Params) -> SlotNeed | None:
        """What it waits for before it starts; None for a kind that starts at once."""
        return None

    def facts(self, params: Params) -> JobFacts:
        return JobFacts(type=self.name, data=params.get("data") or None, config=params)

    def total_steps(self, run: RunState) -> int | None:
        """How many steps the job takes; None if its run does not say so or it has no steps."""
        return None

    def progress(self, run: RunState) -> float:
        """The finished fraction of the job, 0 to 1, read from its run."""
        if effective_status(run.mlflow_status, run.tags) is RunStatus.COMPLETED:
            return 1.0
        total = self.total_steps(run)
        return min(1.0, max(0, run.last_step or 0) / total) if total else 0.0
