"""Creates, starts, cancels and shows jobs: the entry point of this folder for the routes."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from starlette.concurrency import run_in_threadpool

from api.control.audit import Issuer
from api.control.service import ControlService
from api.control.transitions import Action
from api.errors import ConflictError, NotFoundError
from api.jobs.context_tags import context_tags
from api.jobs.job_kind import JobKind, NewRun, Params
from api.jobs.log_lines import LogLine
from api.jobs.logs import JobLogs
from api.jobs.params import require_allowed_paths
from api.jobs.progress import job_entry, job_progress, log_entries
from api.jobs.schemas import JobEntry, JobProgress
from api.jobs.store import Job, JobState, JobStore
from api.pages import Listed, Page
from api.run_failures import RunFailures
from api.runs.reader import RunReader
from api.runs.state import RunState
from api.runs.workspaces import within
from api.runs.writer import RunWriter
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.data_roots import DataRoots
from tracking_plugin.names import RunStatus, Tag

_NUM_RECENT_LINES = 20
_ENTRY_STEPS = 2


class JobNotFoundError(NotFoundError):
    """No run of that id was created as a job of this server."""

    def __init__(self, run_id: str, kind: JobKind | None) -> None:
        what, path = (
            ("job", "/api/jobs") if kind is None else (f"{kind.name} job", "/api/training/")
        )
        super().__init__(
            f"There is no {what} {run_id[:64]!r}: GET {path} lists those that there are"
        )


class JobService:
    """`wake` is called when there is a new job to submit. `kind` narrows a method to one kind."""

    def __init__(
        self,
        jobs: JobStore,
        control: ControlService,
        logs: JobLogs,
        reader: RunReader,
        writer: RunWriter,
        *,
        failures: RunFailures,
        wake: Callable[[], None],
    ) -> None:
        self._jobs = jobs
        self._control = control
        self._logs = logs
        self._reader = reader
        self._writer = writer
        self._failures = failures
        self._wake = wake

    async def create(
        self,
        kind: JobKind,
        params: Params,
        workspace: str | None,
        *,
        tracking_uri: str,
        roots: DataRoots,
        start: bool,
    ) -> Job:
        """A new job and its SCHEDULED run. `params` are those that `kind.require_params` accepts.

        Raises RequestValidationError if one of their paths is not in `roots`.
        """
        await run_in_threadpool(require_allowed_paths, roots, kind.paths(params))

        def new_run() -> NewRun:
            with within(workspace):
                return kind.new_run(params, self._reader)

        run = await in_database(new_run)
        context = await run_in_threadpool(context_tags)
        run_id = await self._writer.create(
            workspace,
            experiment=run.experiment,
            experiment_id=run.experiment_id,
            run_name=run.name,
            tags={**context, str(Tag.STATUS): str(RunStatus.PENDING), **run.tags},
        )
        job = Job(
            run_id=run_id,
            workspace=workspace,
            kind=kind.name,
            spec=json.dumps(params),
            tracking_uri=tracking_uri,
            state=JobState.WANTED if start else JobState.CREATED,
            created_ms=unix_ms(),
        )
        await in_database(partial(self._jobs.add, job))
        self._wake()
        return job

    async def start(self, run_id: str, kind: JobKind | None = None) -> Job:
        """Start a job that was only created.

        Raises JobNotFoundError, or ConflictError if the job was started before.
        """
        job = await self.find(run_id, kind)
        if not await in_database(
            partial(self._jobs.move, run_id, (JobState.CREATED,), JobState.WANTED)
        ):
            raise ConflictError(f"The job {run_id} was started before: it is {job.state}")
        self._wake()
        return await self.find(run_id)

    async def cancel(
        self, run_id: str, workspace: str | None, issuer: Issuer, kind: JobKind | None = None
    ) -> Job:
        """Stop the job's run. Raises JobNotFoundError, or ConflictError if the run has ended."""
        job = await self.find(run_id, kind)
        await self._control.command(run_id, workspace, Action.STOP, issuer)
        return job

    async def forget(self, run_id: str) -> None:
        """Remove an ended job, and the log of any run, because the run was deleted for good.

        A job that has not ended stays: the controller ends it, as its run is gone.
        """
        await in_database(partial(self._jobs.remove_ended, run_id))
        if await in_database(partial(self._jobs.find, run_id)) is None:
            await self._logs.remove(run_id)

    async def find(self, run_id: str, kind: JobKind | None = None) -> Job:
        """Raises JobNotFoundError if there is no such job."""
        job = await in_database(partial(self._jobs.find, run_id))
        if job is None or (kind is not None and job.kind != kind.name):
            raise JobNotFoundError(run_id, kind)
        return job

    async def listed(
        self, workspace: str | None, page: Page, kind: JobKind | None = None
    ) -> Listed[JobEntry]:
        """Newest first."""
        name = None if kind is None else kind.name
        found = await in_database(partial(self._jobs.listed, workspace, page, name))
        entries = [entry for job in found.entries if (entry := await self._listed_entry(job))]
        return Listed(entries, found.total)

    async def _listed_entry(self, job: Job) -> JobEntry | None:
        """The entry; of a job whose run is gone or cannot be shown, the entry without its run.

        None if another version of the server created the job, so that nothing of it can be shown.
        """
        entry: JobEntry | None = None
        with self._failures.isolated(job.run_id, "Listing jobs"), suppress(NotFoundError):
            entry = await self.entry(job)
        if entry is None:
            with self._failures.isolated(job.run_id, "Listing jobs"):
                entry = job_entry(job, RunState(run_id=job.run_id, deleted=True), None)
        return entry

    async def entry(self, job: Job) -> JobEntry:
        run = await self._run(job, _ENTRY_STEPS)
        return job_entry(job, run, await self._control.find(job.run_id))

    async def progress(self, run_id: str, kind: JobKind | None = None) -> JobProgress:
        """Raises JobNotFoundError if there is no such job."""
        job = await self.find(run_id, kind)
        run = await self._run(job)
        return job_progress(job, run, await self._logs.tail(job.run_id, _NUM_RECENT_LINES))

    async def log_lines(
        self, run_id: str, limit: int, kind: JobKind | None = None
    ) -> list[LogLine]:
        """The newest lines, oldest first, also those that a run without a job has sent.

        Raises JobNotFoundError if there are none of either.
        """
        try:
            await self.find(run_id, kind)
        except JobNotFoundError:
            if not await self._has_console(run_id):
                raise
        return log_entries(await self._logs.tail(run_id, limit))

    async def _has_console(self, run_id: str) -> bool:
        """Whether a run that is no job, and that the request may see, has sent lines."""
        if await in_database(partial(self._jobs.find, run_id)) is not None:
            return False
        try:
            await run_in_threadpool(self._reader.state, run_id, 0)
        except NotFoundError:
            return False
        return await self._logs.has(run_id)

    async def _run(self, job: Job, *recent_steps: int) -> RunState:
        return await run_in_threadpool(self._reader.state, job.run_id, *recent_steps)
