"""Starts trainings: a run in MLflow, a job beside it, and the word that it is wanted."""

from collections.abc import Callable
from functools import partial

from api.errors import ConflictError, NotFoundError
from api.jobs.spec import JobSpec
from api.jobs.store import Job, JobState, JobStore
from api.runs.writer import RunWriter
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.names import RunStatus, Tag


class JobNotFoundError(NotFoundError):
    """No run of that id was created as a job of this server."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"There is no training job {run_id[:64]!r}: GET /api/training/ lists those that there are"
        )


class JobService:
    """`wake` is called when there is a new job to submit."""

    def __init__(self, jobs: JobStore, writer: RunWriter, *, wake: Callable[[], None]) -> None:
        self._jobs = jobs
        self._writer = writer
        self._wake = wake

    async def create(
        self,
        spec: JobSpec,
        workspace: str | None,
        *,
        experiment: str,
        tracking_uri: str,
        start: bool,
    ) -> Job:
        """The job and its run, which is SCHEDULED; it begins at once, or when it is started."""
        tags = {Tag.STATUS: RunStatus.PENDING, Tag.RECIPE: spec.recipe}
        run_id = await self._writer.create(
            workspace,
            experiment=experiment,
            run_name=spec.output_name or "",
            tags={str(key): str(value) for key, value in tags.items()},
        )
        job = Job(
            run_id=run_id,
            workspace=workspace,
            kind=spec.recipe,
            spec=spec.model_dump_json(),
            tracking_uri=tracking_uri,
            state=JobState.WANTED if start else JobState.CREATED,
            created_ms=unix_ms(),
        )
        await in_database(partial(self._jobs.add, job))
        self._wake()
        return job

    async def start(self, run_id: str) -> Job:
        """Begin a job that was created; JobNotFoundError, ConflictError where it was begun before."""
        job = await self.find(run_id)
        if not await in_database(
            partial(self._jobs.move, run_id, (JobState.CREATED,), JobState.WANTED)
        ):
            raise ConflictError(f"The job {run_id} was started before: it is {job.state}")
        self._wake()
        return await self.find(run_id)

    async def find(self, run_id: str) -> Job:
        """JobNotFoundError."""
        job = await in_database(partial(self._jobs.find, run_id))
        if job is None:
            raise JobNotFoundError(run_id)
        return job
