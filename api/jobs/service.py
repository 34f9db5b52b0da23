"""Creates, starts, cancels and shows jobs: the entry point of this folder for the routes."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial

from starlette.concurrency import run_in_threadpool

from api.control.acknowledgement import CommandOutcome
from api.control.audit import Issuer
from api.control.service import ControlService
from api.control.transitions import Action
from api.errors import ConflictError, NotFoundError
from api.jobs.cluster_slots import stored_capacity
from api.jobs.context_tags import context_tags
from api.jobs.job_kind import JobKind, NewRun, Params
from api.jobs.log_lines import LogLine
from api.jobs.logs import JobLogs
from api.jobs.params import require_allowed_paths
from api.jobs.progress import can_resume, job_entry, job_progress, log_entries
from api.jobs.queue import Pool, Queue, positions, queues
from api.jobs.queue_entries import shown_queue
from api.jobs.schemas import DEFAULT_PRIORITY, JobCancelled, JobEntry, JobProgress, JobQueue
from api.jobs.store import Job, JobState, JobStore
from api.pages import Listed, Page
from api.run_failures import RunFailures
from api.runs.reader import RunReader
from api.runs.state import RunState
from api.runs.status import shown_status
from api.runs.workspaces import within
from api.runs.writer import RunWriter
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.data_roots import DataRoots
from tracking_plugin.mlflow_status import MlflowStatus
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
        priority: int = DEFAULT_PRIORITY,
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
        now_ms = unix_ms()
        job = Job(
            run_id=run_id,
            workspace=workspace,
            kind=kind.name,
            spec=json.dumps(params),
            tracking_uri=tracking_uri,
            state=JobState.WANTED if start else JobState.CREATED,
            created_ms=now_ms,
            priority=priority,
            queued_ms=now_ms if start else None,
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
            partial(
                self._jobs.move,
                *(run_id, (JobState.CREATED,), JobState.WANTED),
                queued_ms=unix_ms(),
            )
        ):
            raise ConflictError(f"The job {run_id} was started before: it is {job.state}")
        self._wake()
        return await self.find(run_id)

    async def cancel(
        self,
        run_id: str,
        workspace: str | None,
        issuer: Issuer,
        kind: JobKind | None = None,
        *,
        timeout_s: float = 0.0,
    ) -> JobCancelled:
        """Stop the job's run, and wait until it has acknowledged that, for `timeout_s` at most.

        Raises JobNotFoundError, or ConflictError if the run has ended.
        """
        job = await self.find(run_id, kind)
        accepted = await self._control.command(run_id, workspace, Action.STOP, issuer)
        record, state = await self._control.wait_settled(accepted, timeout_s)
        is_acknowledged = record.outcome is CommandOutcome.DONE
        return JobCancelled(
            **dict(await self.entry(job)),
            acknowledged=is_acknowledged,
            acknowledged_step=state.step if is_acknowledged else None,
        )

    async def resume(self, run_id: str, kind: JobKind | None = None) -> Job:
        """Put a job that has failed or was stopped into the queue again; it goes on in its run.

        Raises JobNotFoundError, or ConflictError if it has not ended so or cannot go on.
        """
        job = await self.find(run_id, kind)
        status = shown_status(await self._run(job, 0))
        if not can_resume(job, status):
            raise ConflictError(
                f"The job {run_id} cannot be resumed: it is {status}. Only trainings that have begun, "
                "and then failed or were stopped, can be; a paused one is resumed with "
                "POST /api/training/resume"
            )
        # First it is nobody else's, then its run is open again; only then may the controller see it,
        # which would take a job whose run has ended for a finished one.
        move = partial(self._jobs.move, run_id)
        if not await in_database(partial(move, (JobState.ENDED,), JobState.CREATED)):
            raise ConflictError(f"The job {run_id} was resumed by somebody else at this moment")
        tags = {str(Tag.STATUS): str(RunStatus.PENDING), str(Tag.MESSAGE): ""}
        await self._writer.set_tags(run_id, job.workspace, tags)
        await self._writer.set_status(run_id, job.workspace, MlflowStatus.SCHEDULED)
        changes = {"queued_ms": unix_ms(), "ended_ms": None, "interruption": ""}
        await in_database(partial(move, (JobState.CREATED,), JobState.WANTED, **changes))
        self._wake()
        return await self.find(run_id)

    async def set_priority(self, run_id: str, priority: int) -> Job:
        """Raises JobNotFoundError, or ConflictError if the job has begun."""
        job = await self.find(run_id)
        if not await in_database(partial(self._jobs.set_priority, run_id, priority)):
            raise ConflictError(
                f"The job {run_id} does not wait: it is {job.state}, and its priority counts no more"
            )
        self._wake()
        return await self.find(run_id)

    async def queues(self, workspace: str | None) -> list[JobQueue]:
        """The jobs that run and wait, of all workspaces; those of others without their ids."""
        found = await in_database(self._queues)
        return [shown_queue(queue, workspace) for queue in found.values()]

    def _queues(self) -> Mapping[Pool, Queue]:
        return queues(self._jobs.queued(), stored_capacity(self._jobs))

    async def _positions(self, jobs: Iterable[Job]) -> Mapping[str, int]:
        """The places in the queues, if any of the jobs waits."""
        if all(job.state is not JobState.WANTED for job in jobs):
            return {}
        return positions(await in_database(self._queues))

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
        places = await self._positions(found.entries)
        entries = [
            entry
            for job in found.entries
            if (entry := await self._listed_entry(job, places.get(job.run_id)))
        ]
        return Listed(entries, found.total)

    async def _listed_entry(self, job: Job, position: int | None) -> JobEntry | None:
        """The entry; of a job whose run is gone or cannot be shown, the entry without its run.

        None if another version of the server created the job, so that nothing of it can be shown.
        """
        entry: JobEntry | None = None
        with self._failures.isolated(job.run_id, "Listing jobs"), suppress(NotFoundError):
            entry = await self._entry(job, position)
        if entry is None:
            with self._failures.isolated(job.run_id, "Listing jobs"):
                entry = job_entry(job, RunState(run_id=job.run_id, deleted=True), None)
        return entry

    async def entry(self, job: Job) -> JobEntry:
        return await self._entry(job, (await self._positions((job,))).get(job.run_id))

    async def _entry(self, job: Job, position: int | None) -> JobEntry:
        run = await self._run(job, _ENTRY_STEPS)
        return job_entry(job, run, await self._control.find(job.run_id), position)

    async def progress(self, run_id: str, kind: JobKind | None = None) -> JobProgress:
        """Raises JobNotFoundError if there is no such job."""
        job = await self.find(run_id, kind)
        run = await run_in_threadpool(self._reader.paced_state, job.run_id)
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

    async def _run(self, job: Job, recent_steps: int) -> RunState:
        return await run_in_threadpool(self._reader.state, job.run_id, recent_steps)
