"""Sees to it that jobs become what is wanted of them: level-triggered, so that a restart forgets nothing."""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mlflow.exceptions import MlflowException

from api.control.service import ControlService
from api.errors import ApiError, NotFoundError, UnavailableError
from api.jobs.cluster import JobCluster
from api.jobs.kinds import JOB_KINDS
from api.jobs.logs import JobLogs
from api.jobs.next_step import Seen, Step, next_step
from api.jobs.ray_jobs import RayError, RayJobs, UnknownRayJobError
from api.jobs.store import Job, JobState, JobStore
from api.location import ROOT
from api.settings import Settings
from api.storage.database import in_database
from api.storage.lease import Lease
from api.storage.leased_worker import LeasedWorker
from api.timestamps import unix_ms
from tracking_plugin.names import RunStatus
from tracking_plugin.ray_head import JOB_STOP_ENVIRONMENT

logger = logging.getLogger(__name__)

LOOK_INTERVAL_S = 2.0
_TAIL_LINES = 20
_TOO_LATE = "Its job was ended because it did not stop by itself"
_TOO_EARLY = "Stopped while it was starting"


class JobController:
    """One for a process; of several, the one that holds the lease does the work."""

    def __init__(
        self,
        settings: Settings,
        jobs: JobStore,
        control: ControlService,
        logs: JobLogs,
        lease: Lease,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._control = control
        self._logs = logs
        self._cluster = JobCluster(settings.ray_address)
        self._worker = LeasedWorker(
            "Reconciling jobs",
            self._look,
            interval_s=LOOK_INTERVAL_S,
            lease=lease,
            on_stopped=self._close,
        )
        self._told_to_stop: dict[str, str] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._worker.running():
            yield

    async def _close(self) -> None:
        await self._logs.close()
        await self._cluster.close()

    def wake(self, _: str = "") -> None:
        """Look again at once: something has changed."""
        self._worker.wake()

    async def _look(self) -> None:
        for job in await in_database(self._jobs.unfinished):
            try:
                await self._reconcile(job)
            except (ApiError, MlflowException) as error:
                logger.warning("Job of run %s: %s", job.run_id, error)

    async def _reconcile(self, job: Job) -> None:
        try:
            state = await self._control.synced_state(job.run_id, job.workspace)
        except NotFoundError:
            # Deleted for good: there is nothing left to train for.
            await self._abandon(job)
            return
        seen = await self._seen(job) if job.state is JobState.SUBMITTED else Seen()
        step = next_step(job, state, seen, unix_ms())
        if step is not Step.WAIT:
            await self._take(step, job, seen)

    async def _seen(self, job: Job) -> Seen:
        assert job.submission_id is not None
        if self._cluster.is_local and not self._cluster.is_open_at(job.ray_address or ""):
            # Its head ended with the server that had started it.
            return Seen(is_lost=True)
        cluster = await self._cluster.opened()
        self._logs.follow(job, cluster)
        try:
            return Seen(status=(await cluster.find(job.submission_id)).status)
        except UnknownRayJobError:
            return Seen(is_lost=True)

    async def _take(self, step: Step, job: Job, seen: Seen) -> None:
        match step:
            case Step.SUBMIT:
                await self._submit(job)
            case Step.RESTART:
                await self._move(job, JobState.WANTED)
                self.wake()
            case Step.PAUSE_UNSTARTED:
                await self._release(job)
            case Step.STOP | Step.KILL:
                await self._stop(job, is_late=step is Step.KILL)
            case _:
                await self._conclude(step, job, seen)

    async def _conclude(self, step: Step, job: Job, seen: Seen) -> None:
        """Nothing runs any more."""
        await self._logs.finish(job)
        if step is Step.RELEASED:
            await self._release(job)
            return
        if step is Step.END_STOPPED:
            await self._control.end(job.run_id, RunStatus.STOPPED, self._why_stopped(job))
        elif step is Step.END_FAILED:
            await self._control.end(job.run_id, RunStatus.ERROR, await self._why_failed(job, seen))
        await self._move(job, JobState.ENDED, ended_ms=unix_ms())

    async def _release(self, job: Job) -> None:
        await self._control.pause_unstarted(job.run_id)
        await self._move(job, JobState.RELEASED)

    async def _submit(self, job: Job) -> None:
        try:
            await self._submit_to(await self._cluster.opened(), job)
        except (RayError, UnavailableError) as error:
            await self._control.end(
                job.run_id, RunStatus.ERROR, f"No job could be submitted: {error}"
            )

    async def _submit_to(self, cluster: RayJobs, job: Job) -> None:
        submission_id = f"fovea-{job.run_id[:12]}-{job.attempt + 1}-{secrets.token_hex(3)}"
        variables = {
            **JOB_STOP_ENVIRONMENT,
            "MLFLOW_RUN_ID": job.run_id,
            "MLFLOW_TRACKING_URI": job.tracking_uri,
            **({"MLFLOW_WORKSPACE": job.workspace} if job.workspace else {}),
            **self._own_variables(),
        }
        # Known before Ray has it: a server that dies in between finds no job of that name, and
        # the run says so, where one without a name would train with nobody to look after it.
        changes = {
            "submission_id": submission_id,
            "ray_address": cluster.address,
            "attempt": job.attempt + 1,
            "started_ms": unix_ms(),
        }
        if not await self._move(job, JobState.SUBMITTED, **changes):
            return
        command = JOB_KINDS[job.kind].command(job.params, job.run_id)
        await cluster.submit(submission_id, command, variables, job.run_id)
        await self._control.launched(job.run_id)

    def _own_variables(self) -> dict[str, str]:
        """On this machine our own code and folder; a cluster has its own of both."""
        if not self._cluster.is_local:
            return {}
        data_dir = self._settings.data_dir.absolute()
        return {"FOVEA_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}

    async def _stop(self, job: Job, *, is_late: bool) -> None:
        assert job.submission_id is not None
        if job.submission_id in self._told_to_stop:
            return
        if is_late:
            logger.warning("Run %s did not stop in time: its job is ended", job.run_id)
        await (await self._cluster.opened()).stop(job.submission_id)
        self._told_to_stop[job.submission_id] = _TOO_LATE if is_late else _TOO_EARLY

    async def _abandon(self, job: Job) -> None:
        if job.state is JobState.SUBMITTED:
            await self._stop(job, is_late=False)
        await self._move(job, JobState.ENDED, ended_ms=unix_ms())

    def _why_stopped(self, job: Job) -> str:
        """What a person should know of it; nothing where it stopped as it was asked to."""
        if job.attempt == 0:
            return "Stopped before it had begun"
        return self._told_to_stop.pop(job.submission_id or "", "")

    async def _why_failed(self, job: Job, seen: Seen) -> str:
        if seen.is_lost:
            where = (
                "The Ray head of this machine ended with the server"
                if self._cluster.is_local
                else f"Ray at {job.ray_address} knows nothing of it any more"
            )
            return f"Its job is lost. {where}"
        tail = "\n".join(await self._logs.tail(job.run_id, _TAIL_LINES))
        return f"Its job ended as {seen.status} before the run had. The end of its log:\n{tail}"

    async def _move(self, job: Job, to: JobState, **changes: object) -> bool:
        return await in_database(lambda: self._jobs.move(job.run_id, (job.state,), to, **changes))
