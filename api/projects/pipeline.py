"""Starts the pipelines of projects as jobs, and stops them."""

from contextlib import suppress
from functools import partial

from api.control.audit import Issuer
from api.errors import ConflictError, NotFoundError
from api.jobs.kinds import PROJECT
from api.jobs.project_kind import RETINAL, TABLES, KeptColumn, ProjectParams
from api.jobs.service import JobService
from api.jobs.store import Job, JobStore
from api.projects.folders import ProjectFolders
from api.projects.records import Project, ProjectKind
from api.storage.database import in_database
from tracking_plugin.data_roots import DataRoots


class ProjectPipelines:
    """Each start is a new run in the project's experiment, and a job of the kind `project`."""

    def __init__(
        self,
        jobs: JobService,
        job_store: JobStore,
        folders: ProjectFolders,
    ) -> None:
        self._jobs = jobs
        self._job_store = job_store
        self._folders = folders

    async def start(self, project: Project) -> str:
        """The id of the new run."""
        params = pipeline_params(project, self._folders).model_dump(mode="json")
        PROJECT.require_params(params, ("body",))
        job = await self._jobs.create(
            PROJECT,
            params,
            project.workspace,
            tracking_uri=project.tracking_uri,
            roots=DataRoots((self._folders.root,)),
            start=True,
        )
        return job.run_id

    async def started_since(self, project: Project, run_ids: list[str]) -> str | None:
        """The run that a process created for the project before it could say so; None if none."""
        jobs = [job for it in run_ids if (job := await self._find(it)) is not None]
        newest = max(jobs, key=lambda job: job.created_ms, default=None)
        is_new = newest is not None and newest.created_ms >= project.updated_ms
        return newest.run_id if newest is not None and is_new else None

    async def stop(self, project: Project, issuer: Issuer) -> None:
        """Stop the newest run, if it has not ended."""
        if project.run_id is not None:
            with suppress(ConflictError, NotFoundError):
                await self.cancel(project, issuer)

    async def cancel(self, project: Project, issuer: Issuer) -> None:
        """Stop the newest run. Raises JobNotFoundError, or ConflictError if the run has ended."""
        assert project.run_id is not None
        await self._jobs.cancel(project.run_id, project.workspace, issuer)

    async def forget(self, run_ids: list[str]) -> None:
        """Remove the jobs of deleted runs, with their logs."""
        for run_id in run_ids:
            await self._jobs.forget(run_id)

    async def has_job(self, run_id: str) -> bool:
        return await self._find(run_id) is not None

    async def _find(self, run_id: str) -> Job | None:
        return await in_database(partial(self._job_store.find, run_id))


def pipeline_params(project: Project, folders: ProjectFolders) -> ProjectParams:
    """The parameters of the project's job, with all answers and overrides so far."""
    is_of_images = project.kind is ProjectKind.IMAGES
    place = folders.images if is_of_images else folders.upload
    settings = project.settings
    test_data = folders.test_data(project.project_id)
    return ProjectParams(
        recipe=RETINAL if is_of_images else TABLES,
        data=str(place(project.project_id)),
        description=project.description,
        answers={it.id: it.answer for it in project.answers},
        group=settings.group,
        date=settings.date,
        overrides=[
            KeptColumn(column=it.column, who=it.who, why=it.why) for it in project.overrides
        ],
        budget_s=settings.budget_s,
        learners=settings.learners,
        hyperparameters=settings.hyperparameters,
        engine=settings.engine,
        pretrained=settings.pretrained,
        finetune=settings.finetune,
        finetuned_alias=settings.finetuned_alias,
        test_data=str(test_data) if test_data.is_file() else None,
        epochs=settings.epochs,
        register_as=project.model_name,
        experiment_id=project.experiment_id,
        project_id=project.project_id,
        name=project.name,
    )
