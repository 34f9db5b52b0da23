"""An MLflow run that a Ray job trains: waits for its end, records it, or cancels the job."""

import atexit
import logging
import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat

from mlflow import MlflowClient
from mlflow.entities import RunStatus
from mlflow.projects.submitted_run import SubmittedRun

from tracking_plugin.mlflow_status import run_status_of
from tracking_plugin.names import RunStatus as FoveaStatus
from tracking_plugin.names import Tag
from tracking_plugin.ray_head import JOB_STOP_ENVIRONMENT
from tracking_plugin.ray_job_api import (
    RayError,
    RayRefusedError,
    RayStatus,
    UnknownRayJobError,
)
from tracking_plugin.ray_job_client import RayJobClient

# Below MLflow's own logger, so that `mlflow run` shows these lines among its own.
logger = logging.getLogger("mlflow.projects.fovea-ray")

MAX_TAG_CHARS = 4000
"""The length of a tag that every version of MLflow's stores accepts."""

_FIRST_POLLS_S = (0.2, 0.5, 1.0, 1.0, 2.0, 2.0)
_STEADY_POLL_S = 5.0
_STOP_DEADLINE_S = float(JOB_STOP_ENVIRONMENT["RAY_JOB_STOP_WAIT_TIME_S"]) + 30.0
_MESSAGE_LINES = 20


_TO_MLFLOW = {
    RayStatus.PENDING: RunStatus.SCHEDULED,
    RayStatus.RUNNING: RunStatus.RUNNING,
    RayStatus.STOPPED: RunStatus.KILLED,
    RayStatus.SUCCEEDED: RunStatus.FINISHED,
    RayStatus.FAILED: RunStatus.FAILED,
}


class RayRun(SubmittedRun):
    """The result of `mlflow run -b fovea-ray`."""

    def __init__(
        self,
        *,
        run_id: str,
        job_id: str,
        client: RayJobClient,
        tracking_uri: str,
        cluster_is_alive: Callable[[], bool],
    ) -> None:
        super().__init__()
        self.job_id = job_id
        self._run_id = run_id
        self._client = client
        self._mlflow = MlflowClient(tracking_uri)
        self._cluster_is_alive = cluster_is_alive

    @property
    def run_id(self) -> str:
        return self._run_id

    def keep_process_until_end(self) -> None:
        """Make this process wait at its exit for the end of the job, and record it as the run's end."""
        atexit.register(self._wait_at_exit)

    def wait(self) -> bool:
        """Wait without limit; returns whether the job succeeded and its run did not fail."""
        intervals_s = _poll_intervals_s()
        try:
            while (job_ended_as := self._job_end()) is None:
                time.sleep(next(intervals_s))
        except RayRefusedError as refusal:
            logger.error(  # noqa: TRY400 - the message needs no traceback
                "The end of job %s cannot be waited for: %s. The job goes on by itself",
                self.job_id,
                refusal,
            )
            atexit.unregister(self._wait_at_exit)
            return False
        ended_as = self._settle(job_ended_as)
        atexit.unregister(self._wait_at_exit)
        return ended_as == RunStatus.FINISHED

    def get_status(self) -> str:
        """The job's status as one of MLflow's."""
        return str(RunStatus.to_string(_TO_MLFLOW[self._job_status()]))

    def cancel(self) -> None:
        """Stop the job and wait for its end. The run ends as KILLED unless it had finished."""
        if self._job_end() is None:
            self._client.stop(self.job_id)
            self._wait_for_end(_STOP_DEADLINE_S)
        if self._run_status() not in (RunStatus.FINISHED, RunStatus.KILLED):
            self._end_run(RunStatus.KILLED, "The run was cancelled")
        atexit.unregister(self._wait_at_exit)

    def _wait_at_exit(self) -> None:
        logger.info("=== Run (ID '%s') has not ended: waiting for its end ===", self.run_id)
        try:
            if not self.wait():
                logger.error("=== Run (ID '%s') failed ===", self.run_id)
        except KeyboardInterrupt:
            logger.warning("=== Run (ID '%s') interrupted, cancelling it ===", self.run_id)
            self.cancel()

    def _job_status(self) -> RayStatus:
        return self._client.find(self.job_id).status

    def _job_end(self) -> int | None:
        """How the job ended; None while it runs or Ray does not answer."""
        try:
            status = _TO_MLFLOW[self._job_status()]
        except UnknownRayJobError:
            # The head was replaced, and the job has ended with the old one.
            return RunStatus.FAILED
        except RayRefusedError:
            raise
        except RayError as error:
            if not self._cluster_is_alive():
                return RunStatus.FAILED
            logger.warning("The status of job %s is unknown: %s", self.job_id, error)
            return None
        return status if RunStatus.is_terminated(status) else None

    def _wait_for_end(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        intervals_s = _poll_intervals_s()
        while self._job_end() is None:
            if time.monotonic() > deadline:
                logger.warning("Job %s has not ended %.0f s after its stop", self.job_id, timeout_s)
                return
            time.sleep(next(intervals_s))

    def _settle(self, job_ended_as: int) -> int:
        """End a run that its job left open as the job ended; returns how the run ended."""
        run = self._mlflow.get_run(self.run_id)
        run_ended_as = int(RunStatus.from_string(run.info.status))
        if not RunStatus.is_terminated(run_ended_as):
            has_failed = job_ended_as == RunStatus.FAILED
            self._end_run(job_ended_as, self._failure_message() if has_failed else "")
            return job_ended_as
        if run.data.tags.get(Tag.STATUS) == FoveaStatus.PENDING:
            # The program logs to MLflow without Fovea's tags.
            self._mlflow.set_tag(self.run_id, Tag.STATUS, run_status_of(run.info.status))
        return run_ended_as if job_ended_as == RunStatus.FINISHED else job_ended_as

    def _run_status(self) -> int:
        return int(RunStatus.from_string(self._mlflow.get_run(self.run_id).info.status))

    def _end_run(self, status: int, message: str) -> None:
        mlflow_status = RunStatus.to_string(status)
        self._mlflow.set_tag(self.run_id, Tag.STATUS, run_status_of(mlflow_status))
        if message:
            self._mlflow.set_tag(self.run_id, Tag.MESSAGE, message)
        self._mlflow.set_terminated(self.run_id, mlflow_status)

    def _failure_message(self) -> str:
        try:
            lines = self._client.logs(self.job_id).splitlines()[-_MESSAGE_LINES:]
        except RayError as error:
            return f"The Ray job {self.job_id} is lost: {error}"
        tail = "\n".join(lines)[-MAX_TAG_CHARS:]
        return (
            f"The Ray job {self.job_id} died before its run had ended. The end of its log:\n{tail}"
        )


def _poll_intervals_s() -> Iterator[float]:
    return chain(_FIRST_POLLS_S, repeat(_STEADY_POLL_S))
