"""Deletes projects with all that belongs to them, and finishes what an earlier process has begun."""

import asyncio
import logging
from functools import partial

from api.control.audit import Issuer
from api.control.service import ControlService
from api.errors import ConflictError
from api.projects.experiments import DeletedExperiment, ProjectExperiments
from api.projects.feed import ProjectFeed
from api.projects.folders import ProjectFolders
from api.projects.looks import ProjectLooks
from api.projects.model_registry import ModelRegistry
from api.projects.pipeline import ProjectPipelines
from api.projects.records import Project, ProjectState
from api.projects.schemas import DeletedObjects, ProjectDeleted
from api.projects.store import ProjectStore
from api.storage.database import in_database

logger = logging.getLogger(__name__)

STOP_DEADLINE_S = 60.0
_RECHECK_S = 5.0


class ProjectDeletion:
    """May be repeated after it was interrupted: the project is stored until all else is gone."""

    def __init__(
        self,
        store: ProjectStore,
        folders: ProjectFolders,
        experiments: ProjectExperiments,
        registry: ModelRegistry,
        pipelines: ProjectPipelines,
        looks: ProjectLooks,
        control: ControlService,
        feed: ProjectFeed,
    ) -> None:
        self._store = store
        self._folders = folders
        self._experiments = experiments
        self._registry = registry
        self._pipelines = pipelines
        self._looks = looks
        self._control = control
        self._feed = feed

    async def require_ended(self, project: Project, issuer: Issuer, *, stop: bool) -> None:
        """Wait for the end of the pipeline if it is to `stop`. Raises ConflictError if it runs on."""
        if await self._has_ended(project):
            return
        if not stop:
            status = (await self._looks.at(project)).position.status
            raise ConflictError(
                f"The project is {status}: stop its pipeline first, or delete it with ?stop=true"
            )
        assert project.run_id is not None
        with self._control.watching(project.run_id) as changed:
            await self._pipelines.stop(project, issuer)
            try:
                async with asyncio.timeout(STOP_DEADLINE_S):
                    while not await self._has_ended(project):
                        await _wait(changed)
                        changed.clear()
            except TimeoutError:
                raise ConflictError(
                    "The pipeline is stopping: delete the project once it has ended"
                ) from None

    async def delete(self, project: Project) -> ProjectDeleted:
        """Delete a project whose pipeline does not run, and whose folder is locked."""
        deleting = project.changed(state=ProjectState.DELETING)
        await in_database(partial(self._store.save, deleting))
        run_ids = await self._experiments.run_ids(project.workspace, project.experiment_id)
        num_versions = await self._registry.delete(
            project.workspace,
            project.model_name,
            frozenset(run_ids),
            is_shared=project.shares_model,
        )
        gone = await self._experiments.delete(project.workspace, project.experiment_id)
        await self._pipelines.forget(run_ids)
        size_bytes = await asyncio.to_thread(self._folders.size_bytes, project.project_id)
        await asyncio.to_thread(self._folders.remove, project.project_id)
        await in_database(partial(self._store.remove, project.project_id))
        self._feed.notify(project.project_id)
        return _deleted(project, size_bytes, gone, num_versions)

    async def undo(self, project: Project) -> None:
        """Remove what the creation of a project has made before it failed, except for its folder."""
        try:
            await self._pipelines.forget(
                await self._experiments.run_ids(project.workspace, project.experiment_id)
            )
            await self._experiments.delete(project.workspace, project.experiment_id)
            await in_database(partial(self._store.remove, project.project_id))
        except Exception:
            # The error that is raised to the client says more; the next start of the server tries again.
            logger.exception("A project that could not be created was not removed")

    async def _has_ended(self, project: Project) -> bool:
        if project.run_id is None:
            return True
        return (await self._looks.at(project)).position.status.is_end


async def _wait(changed: asyncio.Event) -> None:
    """Until the run's state may have changed; ends that nobody announces are found, too."""
    try:
        async with asyncio.timeout(_RECHECK_S):
            await changed.wait()
    except TimeoutError:
        return


def _deleted(
    project: Project, size_bytes: int, gone: DeletedExperiment, num_versions: int
) -> ProjectDeleted:
    return ProjectDeleted(
        project_id=project.project_id,
        message=(
            f"Deleted the upload ({size_bytes:,} bytes), {_counted(gone.num_runs, 'run')} with all "
            f"artifacts, and {_counted(num_versions, 'version')} of the model {project.model_name}"
        ),
        deleted=DeletedObjects(
            upload_bytes=size_bytes, num_runs=gone.num_runs, num_models=num_versions
        ),
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
