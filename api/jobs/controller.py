"""Compares each job with its desired state every 2 s and acts on the difference, also after a restart of the server."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from api.control.link_claim import new_secret
from api.control.service import ControlService
from api.control.state import ControlState
from api.errors import NotFoundError, UnavailableError
from api.jobs.cluster import JobCluster
from api.jobs.cluster_slots import ClusterSlots
from api.jobs.kinds import stored_kind
from api.jobs.logs import JobLogs
from api.jobs.next_step import ObservedJob, Step, next_step
from api.jobs.queue import held_back, need_of, queues
from api.jobs.ray_jobs import RayJobs
from api.jobs.store import Job, JobState, JobStore
from api.jobs.submission import new_submission_id, submit
from api.run_failures import RunFailures
from api.settings import Settings
from api.storage.database import in_database
from api.storage.lease import Lease
from api.storage.leased_worker import LeasedWorker
from api.timestamps import unix_ms
from tracking_plugin.names import RunStatus
from tracking_plugin.ray_job_api import RayError, UnknownRayJobError
from tracking_plugin.server_address import without_credentials

logger = logging.getLogger(__name__)

RECONCILE_INTERVAL_S = 2.0
_TAIL_LINES = 20
_KILLED = "Its job was ended because it did not stop by itself"
_LOST = "Its job is lost"
_STOPPED_EARLY = "Stopped while it was starting"


class JobController:
    """Only the process that holds the lease reconciles jobs."""

    def __init__(
        self,
        settings: Settings,
        jobs: JobStore,
        control: ControlService,
        logs: JobLogs,
        lease: Lease,
        failures: RunFailures,
    ) -> None:
        self._failures = failures
        self._settings = settings
        self._jobs = jobs
        self._control = control
        self._logs = logs
        self._cluster = JobCluster(settings)
        self._slots = ClusterSlots(self._cluster, jobs, settings.training_slots)
        self._held_back: set[str] = set()
        self._failing: set[str] = set()
        """The runs whose jobs could not be reconciled the last time."""
        self._worker = LeasedWorker(
            "Reconciling jobs",
            self._reconcile_all,
            interval_s=RECONCILE_INTERVAL_S,
            lease=lease,
            on_stopped=self._close,
        )
        self._stop_messages: dict[str, str] = {}
        """By submission id, for the jobs that Ray was told to stop."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self._cluster.remove_leftovers()
        async with self._worker.running():
            yield

    def wake(self, _: str = "") -> None:
        """Reconcile at once."""
        self._worker.wake()

    async def _close(self) -> None:
        await self._logs.close()
        await self._cluster.close()

    async def _reconcile_all(self) -> None:
        jobs = await in_database(self._jobs.unfinished)
        self._held_back = await self._jobs_held_back(jobs)
        self._failing &= {job.run_id for job in jobs}
        await self._failures.each(
            "Reconciling a job", jobs, lambda job: job.run_id, self._reconcile
        )

    async def _jobs_held_back(self, jobs: Sequence[Job]) -> set[str]:
        """The runs whose jobs wait until others have ended."""
        if not any(job.state is JobState.WANTED and need_of(job) for job in jobs):
            return set()
        return held_back(queues(jobs, await self._slots.capacity(), skipped=self._failing))

    async def _reconcile(self, job: Job) -> None:
        self._failing.add(job.run_id)
        await self._compare(job)
        self._failing.discard(job.run_id)

    async def _compare(self, job: Job) -> None:
        # The job before its run: a run that is read first may end meanwhile, and its job, which then
        # has ended too, would look as if it had left the run behind.
        is_submitted = job.state is JobState.SUBMITTED
        observed = await self._observe(job) if is_submitted else ObservedJob()
        try:
            state = await self._control.synced_state(job.run_id, job.workspace)
        except NotFoundError:
            # The run was deleted for good.
            await self._abandon(job)
            return
        step = next_step(job, state, observed, unix_ms())
        has_to_wait = step is Step.SUBMIT and job.run_id in self._held_back
        if step is not Step.WAIT and not has_to_wait:
            await self._apply(step, job, state, observed)

    async def _observe(self, job: Job) -> ObservedJob:
        assert job.submission_id is not None
        cluster = await self._cluster.find(job.ray_address or "")
        if cluster is None:
            # The Ray head of this job has ended, for example with a restart of the machine.
            return ObservedJob(is_lost=True)
        self._logs.follow(job, cluster)
        try:
            return ObservedJob(status=(await cluster.find(job.submission_id)).status)
        except UnknownRayJobError:
            return ObservedJob(is_lost=True)

    async def _apply(
        self, step: Step, job: Job, state: ControlState, observed: ObservedJob
    ) -> None:
        match step:
            case Step.SUBMIT:
                await self._submit(job)
            case Step.RESTART:
                await self._move(job, JobState.WANTED, queued_ms=unix_ms())
                self.wake()
            case Step.PAUSE_UNSTARTED:
                await self._release(job)
            case Step.STOP | Step.KILL:
                await self._stop(job, is_late=step is Step.KILL)
            case _:
                await self._conclude(step, job, state, observed)

    async def _conclude(
        self, step: Step, job: Job, state: ControlState, observed: ObservedJob
    ) -> None:
        """Store the log and the end of a job that has no process any more."""
        await self._logs.finish(job)
        # Another job may take its slots.
        self.wake()
        if step is Step.RELEASED:
            await self._release(job)
            return
        if step is Step.END_STOPPED:
            await self._control.end(job.run_id, RunStatus.STOPPED, self._stop_message(job))
        elif step is Step.END_FAILED:
            reason = self._end_reason(job, observed)
            is_interrupted = _has_trained(job, state)
            if is_interrupted:
                await self._move(job, job.state, interruption=reason)
            message = await self._failure_message(job, reason, is_interrupted=is_interrupted)
            await self._control.end(job.run_id, RunStatus.ERROR, message)
        await self._move(job, JobState.ENDED, ended_ms=unix_ms())

    async def _release(self, job: Job) -> None:
        await self._control.pause_unstarted(job.run_id)
        await self._move(job, JobState.RELEASED)

    async def _submit(self, job: Job) -> None:
        try:
            async with self._cluster.in_use() as cluster:
                await self._submit_to(cluster, job)
        except (RayError, UnavailableError) as error:
            message = f"No job could be submitted: {error}"
            await self._control.end(job.run_id, RunStatus.ERROR, message)

    async def _submit_to(self, cluster: RayJobs, job: Job) -> None:
        submission_id = new_submission_id(job)
        secret = new_secret()
        await self._control.expect_job(job.run_id, secret)
        # Stored before Ray gets it. If the server dies in between, the next one finds no such job
        # and ends the run; stored afterwards, a job could train that no server knows of.
        changes = {
            "submission_id": submission_id,
            "ray_address": cluster.address,
            "attempt": job.attempt + 1,
            "started_ms": unix_ms(),
        }
        if not await self._move(job, JobState.SUBMITTED, **changes):
            return
        data_dir = self._settings.data_dir.absolute() if self._cluster.is_local else None
        await submit(
            cluster,
            job,
            submission_id,
            control_secret=secret,
            local_data_dir=data_dir,
            data_roots=self._data_roots(job),
        )
        await self._control.launched(job.run_id)

    def _data_roots(self, job: Job) -> tuple[Path, ...] | None:
        configured = self._settings.data_roots
        own = stored_kind(job).own_folders(self._settings.data_dir.absolute())
        return None if configured is None else (*configured, *own)

    async def _stop(self, job: Job, *, is_late: bool) -> None:
        assert job.submission_id is not None
        if job.submission_id in self._stop_messages:
            return
        if is_late:
            logger.warning("Run %s did not stop in time: its job is ended", job.run_id)
        cluster = await self._cluster.find(job.ray_address or "")
        if cluster is not None:
            await cluster.stop(job.submission_id)
        self._stop_messages[job.submission_id] = _KILLED if is_late else _STOPPED_EARLY

    async def _abandon(self, job: Job) -> None:
        if job.state is JobState.SUBMITTED:
            await self._stop(job, is_late=False)
        await self._move(job, JobState.ENDED, ended_ms=unix_ms())

    def _stop_message(self, job: Job) -> str:
        """Why the job ended; empty if it stopped by itself after a command."""
        if job.attempt == 0:
            return "Stopped before it had begun"
        return self._stop_messages.pop(job.submission_id or "", "")

    def _end_reason(self, job: Job, observed: ObservedJob) -> str:
        if not observed.is_lost:
            return f"Its job ended as {observed.status} before the run had"
        if self._cluster.is_local:
            return f"{_LOST}. The Ray head of this machine has ended"
        address = without_credentials(job.ray_address or "")
        return f"{_LOST}. Ray at {address} knows nothing of it any more"

    async def _failure_message(self, job: Job, reason: str, *, is_interrupted: bool) -> str:
        what = "Interrupted, can be resumed" if stored_kind(job).can_resume else "Interrupted"
        sentence = f"{what}. {reason}" if is_interrupted else reason
        if reason.startswith(_LOST):
            return sentence
        tail = "\n".join(await self._logs.tail(job.run_id, _TAIL_LINES))
        return f"{sentence}. The end of its log:\n{tail}"

    async def _move(self, job: Job, to: JobState, **changes: object) -> bool:
        return await in_database(lambda: self._jobs.move(job.run_id, (job.state,), to, **changes))


def _has_trained(job: Job, state: ControlState) -> bool:
    """Whether its program has ever come so far that it opened its control link."""
    return state.heartbeat_ms is not None or job.attempt > 1
