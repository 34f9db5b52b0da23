"""The next step of a job, for every combination of desired and observed state."""

import pytest

from api.control.state import ControlState
from api.jobs.next_step import ObservedJob, Step, next_step
from api.jobs.store import Job, JobState
from tracking_plugin.control_messages import Desired
from tracking_plugin.names import RunStatus as S
from tracking_plugin.ray_job_api import RayStatus

RUNNING, PAUSED, STOPPED = Desired.RUNNING, Desired.PAUSED, Desired.STOPPED
NOW_MS = 1_000_000


def job(state: JobState) -> Job:
    return Job(
        run_id="a" * 32,
        workspace=None,
        kind="training",
        spec="{}",
        tracking_uri="http://localhost",
        state=state,
        submission_id="s",
        created_ms=0,
    )


def control(desired: Desired, status: S, **fields: object) -> ControlState:
    return ControlState(run_id="a" * 32, desired=desired, status=status, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "state_of_run", "expected"),
    [
        (JobState.CREATED, control(RUNNING, S.PENDING), Step.WAIT),
        (JobState.CREATED, control(STOPPED, S.STOPPING), Step.END_STOPPED),
        (JobState.WANTED, control(RUNNING, S.PENDING), Step.SUBMIT),
        (JobState.WANTED, control(RUNNING, S.RESUMING), Step.SUBMIT),
        (JobState.WANTED, control(PAUSED, S.PAUSING), Step.PAUSE_UNSTARTED),
        (JobState.WANTED, control(STOPPED, S.STOPPING), Step.END_STOPPED),
        (JobState.WANTED, control(RUNNING, S.STOPPED), Step.CLOSE),
        (JobState.RELEASED, control(PAUSED, S.PAUSED, is_released=True), Step.WAIT),
        (JobState.RELEASED, control(RUNNING, S.RESUMING, is_released=True), Step.RESTART),
        (JobState.RELEASED, control(STOPPED, S.STOPPING, is_released=True), Step.END_STOPPED),
        (JobState.RELEASED, control(PAUSED, S.ERROR), Step.CLOSE),
    ],
)
def test_a_job_without_a_process(
    state: JobState, state_of_run: ControlState, expected: Step
) -> None:
    assert next_step(job(state), state_of_run, ObservedJob(), NOW_MS) is expected


@pytest.mark.parametrize("status", [RayStatus.PENDING, RayStatus.RUNNING])
@pytest.mark.parametrize(
    ("state_of_run", "expected"),
    [
        (control(RUNNING, S.TRAINING, has_link=True), Step.WAIT),
        (control(PAUSED, S.PAUSING, has_link=True), Step.WAIT),
        (control(STOPPED, S.STOPPING, has_link=True, deadline_ms=NOW_MS), Step.WAIT),
        (control(STOPPED, S.STOPPING, has_link=True, deadline_ms=NOW_MS - 1), Step.KILL),
        (control(STOPPED, S.STOPPING, has_link=False, deadline_ms=NOW_MS), Step.STOP),
        (control(STOPPED, S.STOPPED), Step.WAIT),
        (control(RUNNING, S.COMPLETED), Step.WAIT),
    ],
)
def test_a_job_that_runs(status: RayStatus, state_of_run: ControlState, expected: Step) -> None:
    assert (
        next_step(job(JobState.SUBMITTED), state_of_run, ObservedJob(status=status), NOW_MS)
        is expected
    )


@pytest.mark.parametrize(
    "observed",
    [
        ObservedJob(status=RayStatus.SUCCEEDED),
        ObservedJob(status=RayStatus.FAILED),
        ObservedJob(status=RayStatus.STOPPED),
        ObservedJob(is_lost=True),
    ],
)
@pytest.mark.parametrize(
    ("state_of_run", "expected"),
    [
        (control(RUNNING, S.TRAINING), Step.END_FAILED),
        (control(PAUSED, S.PAUSED), Step.END_FAILED),
        (control(STOPPED, S.STOPPING), Step.END_STOPPED),
        (control(PAUSED, S.PAUSED, is_released=True), Step.RELEASED),
        (control(RUNNING, S.RESUMING, is_released=True), Step.RESTART),
        (control(STOPPED, S.STOPPING, is_released=True), Step.END_STOPPED),
        (control(RUNNING, S.COMPLETED), Step.CLOSE),
        (control(STOPPED, S.STOPPED), Step.CLOSE),
    ],
)
def test_a_job_whose_process_is_gone(
    observed: ObservedJob, state_of_run: ControlState, expected: Step
) -> None:
    assert next_step(job(JobState.SUBMITTED), state_of_run, observed, NOW_MS) is expected


@pytest.mark.parametrize(
    ("has_link", "now_ms", "expected"),
    [
        (False, NOW_MS, Step.STOP),
        (True, NOW_MS, Step.WAIT),
        (True, NOW_MS + 2, Step.KILL),
        (False, NOW_MS + 2, Step.KILL),
    ],
)
def test_the_job_of_a_deleted_run_is_ended(has_link: bool, now_ms: int, expected: Step) -> None:
    state = control(STOPPED, S.STOPPED, has_link=has_link, deadline_ms=NOW_MS + 1)
    running = ObservedJob(status=RayStatus.RUNNING)
    assert next_step(job(JobState.SUBMITTED), state, running, now_ms) is expected


def test_the_job_of_a_run_that_has_ended_by_itself_may_finish_its_work() -> None:
    state = control(RUNNING, S.COMPLETED, has_link=True)
    running = ObservedJob(status=RayStatus.RUNNING)
    assert next_step(job(JobState.SUBMITTED), state, running, NOW_MS) is Step.WAIT
