"""Reads where projects are from the runs of their pipelines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from api.errors import NotFoundError
from api.jobs.kinds import PROJECT
from api.projects import views
from api.projects.model_registry import ModelRegistry
from api.projects.records import Project, ProjectKind
from api.projects.results import PipelineResults, read_results
from api.projects.schemas import ProjectDetail, ScoreEntry
from api.projects.scores import ProjectScores
from api.projects.stages import PipelinePosition, ProjectStatus, position
from api.projects.store import ProjectRun
from api.run_failures import RunFailures
from api.runs.reader import RunReader
from api.runs.run_over import RunEnd
from api.runs.state import RunState
from api.runs.workspaces import within
from api.storage.database import in_database
from api.timestamps import unix_ms

T = TypeVar("T")

_PACE_STEPS = 20
"""From which the time left of a training without stages is estimated."""
_MAY_HAVE_MODEL = (ProjectStatus.COMPLETED, ProjectStatus.CANCELLED)
"""A pipeline that is stopped keeps the best model so far."""
_STATUS_OF_END = {
    RunEnd.COMPLETED: ProjectStatus.COMPLETED,
    RunEnd.FAILED: ProjectStatus.FAILED,
    RunEnd.STOPPED: ProjectStatus.CANCELLED,
    RunEnd.DELETED: ProjectStatus.CANCELLED,
}


@dataclass(frozen=True)
class Look:
    """`run` is None before there is one, and if it is gone from MLflow."""

    run: RunState | None
    position: PipelinePosition


class ProjectLooks:
    def __init__(self, reader: RunReader, registry: ModelRegistry, failures: RunFailures) -> None:
        self._reader = reader
        self._registry = registry
        self._failures = failures
        self._scores = ProjectScores(reader, failures)

    async def at(self, project: Project) -> Look:
        run = await self._run(project)
        percent = 0.0 if run is None else 100 * PROJECT.progress(run)
        return Look(run, position(project.state, run, unix_ms(), percent_of_images=percent))

    async def at_each(self, projects: Sequence[Project]) -> list[Look]:
        """In their order; a project whose run cannot be read is shown without it."""
        return [await self._at_or_without(project) for project in projects]

    async def scores(
        self, projects: Sequence[Project], looks: Sequence[Look], workspace: str | None
    ) -> list[ScoreEntry | None]:
        """The holdout score of each project of the workspace that has finished."""

        def read() -> list[ScoreEntry | None]:
            with within(workspace):
                pairs = zip(projects, looks, strict=True)
                return [self._scores.read(it, look.position.status) for it, look in pairs]

        return await run_in_threadpool(read)

    async def _at_or_without(self, project: Project) -> Look:
        look: Look | None = None
        with self._failures.isolated(project.run_id or "", "Listing projects"):
            look = await self.at(project)
        return look or Look(None, position(project.state, None, unix_ms()))

    async def detail(self, project: Project) -> ProjectDetail:
        look = await self.at(project)
        results, version = PipelineResults(), None
        if project.run_id is not None and look.run is not None:
            read = partial(read_results, self._reader, self._failures, project.run_id)
            results = await self._in_workspace(project, read)
        if look.position.status in _MAY_HAVE_MODEL:
            version = await self._registry.deployed_version(project.workspace, project.model_name)
        return views.detail(project, look.position, look.run, results, version)

    async def has_model(self, project: Project) -> bool:
        """Whether there is a version that predictions are made with, of this run or an earlier one."""
        name = project.model_name
        return await self._registry.deployed_version(project.workspace, name) is not None

    async def with_status(
        self, projects: Sequence[ProjectRun], status: ProjectStatus, workspace: str | None
    ) -> list[str]:
        """The ids of the projects with that status, in their order."""
        run_ids = [it.run_id for it in projects if it.run_id is not None]

        def ends() -> dict[str, RunEnd]:
            with within(workspace):
                return self._reader.ends(run_ids)

        ended = await in_database(ends)
        return [
            it.project_id for it in projects if await self._status(it, ended, workspace) is status
        ]

    async def _status(
        self, project: ProjectRun, ended: dict[str, RunEnd], workspace: str | None
    ) -> ProjectStatus:
        if project.run_id in ended:
            return _STATUS_OF_END[ended[project.run_id]]
        run: RunState | None = None
        if project.run_id is not None:
            with self._failures.isolated(project.run_id, "Listing projects"):
                run = await self._state(project.run_id, workspace, 0)
        return position(project.state, run, unix_ms()).status

    async def _run(self, project: Project) -> RunState | None:
        if project.run_id is None:
            return None
        steps = _PACE_STEPS if project.kind is ProjectKind.IMAGES else 0
        return await self._state(project.run_id, project.workspace, steps)

    async def _state(self, run_id: str, workspace: str | None, steps: int) -> RunState | None:
        def read() -> RunState | None:
            with within(workspace):
                try:
                    return self._reader.state(run_id, steps)
                except NotFoundError:
                    return None

        return await in_database(read)

    async def _in_workspace(self, project: Project, work: Callable[[], T]) -> T:
        def read() -> T:
            with within(project.workspace):
                return work()

        return await run_in_threadpool(read)
