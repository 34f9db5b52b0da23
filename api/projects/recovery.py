"""Finishes what a process of the server had begun for projects when it was killed."""

import logging
from functools import partial

from api.errors import LockedError
from api.projects.deletion import ProjectDeletion
from api.projects.experiments import ProjectExperiments
from api.projects.folders import ProjectFolders
from api.projects.pipeline import ProjectPipelines
from api.projects.records import Project, ProjectState
from api.projects.service import ProjectService
from api.projects.store import ProjectStore
from api.run_failures import RunFailures
from api.runs.workspaces import all_workspaces
from api.storage.database import in_database

logger = logging.getLogger(__name__)


class ProjectRecovery:
    """Projects that another process is changing are locked, and left alone."""

    def __init__(
        self,
        service: ProjectService,
        store: ProjectStore,
        folders: ProjectFolders,
        experiments: ProjectExperiments,
        pipelines: ProjectPipelines,
        deletion: ProjectDeletion,
        failures: RunFailures,
    ) -> None:
        self._service = service
        self._store = store
        self._folders = folders
        self._experiments = experiments
        self._pipelines = pipelines
        self._deletion = deletion
        self._failures = failures

    async def run(self) -> None:
        """Once, at the start of a process."""
        try:
            for project in await in_database(self._store.unfinished):
                with self._failures.isolated(project.run_id or "", "Recovering a project"):
                    await self._finish(project.project_id)
            workspaces = await in_database(all_workspaces)
            for project_id in await in_database(self._folders.project_ids):
                await self._remove_if_unknown(project_id, workspaces)
        except Exception:
            logger.exception("Projects of an earlier process were not all recovered")

    async def _finish(self, project_id: str) -> None:
        try:
            with self._folders.locked(project_id):
                project = await in_database(partial(self._store.find, project_id))
                if project is not None and project.state is ProjectState.DELETING:
                    await self._deletion.delete(project)
                elif project is not None and project.state is ProjectState.STARTING:
                    await self._start(project)
        except LockedError:
            return

    async def _start(self, project: Project) -> None:
        runs = await self._experiments.run_ids(project.workspace, project.experiment_id)
        run_id = await self._pipelines.started_since(project, runs)
        if run_id is None:
            await self._delete_unstarted(project)
            await self._service.start(project)
        else:
            started = project.changed(state=ProjectState.STARTED, run_id=run_id)
            await in_database(partial(self._store.save, started))

    async def _delete_unstarted(self, project: Project) -> None:
        """Delete the run for which no job was stored: nothing would ever start it."""
        for run_id in await self._experiments.unstarted(project.workspace, project.experiment_id):
            if not await self._pipelines.has_job(run_id):
                await self._experiments.delete_run(project.workspace, run_id)

    async def _remove_if_unknown(self, project_id: str, workspaces: list[str | None]) -> None:
        """Remove an upload that never became a project, and the experiment that was made for it."""
        try:
            with self._folders.locked(project_id):
                # Asked under the lock: a moment ago, a request may have held it and stored the project.
                if await in_database(partial(self._store.find, project_id)) is not None:
                    return
                for workspace in workspaces:
                    await self._experiments.delete_empty(workspace, project_id)
                self._folders.remove(project_id)
                logger.info("An upload that was never finished is removed")
        except LockedError:
            return
