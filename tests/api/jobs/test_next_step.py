"""What a job needs next, for everything that may be wanted and seen."""

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


def wanted(desired: Desired, status: S, **fields: object) -> ControlState:
    return ControlState(run_id="a" * 32, desired=desired, status=status, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "control", "expected"),
    [
        (JobState.CREATED, wanted(RUNNING, S.PENDING), Step.WAIT),
        (JobState.CREATED, wanted(STOPPED, S.STOPPING), Step.END_STOPPED),
        (JobState.WANTED, wanted(RUNNING, S.PENDING), Step.SUBMIT),
        (JobState.WANTED, wanted(RUNNING, S.RESUMING), Step.SUBMIT),
        (JobState.WANTED, wanted(PAUSED, S.PAUSING), Step.PAUSE_UNSTARTED),
        (JobState.WANTED, wanted(STOPPED, S.STOPPING), Step.END_STOPPED),
        (JobState.WANTED, wanted(RUNNING, S.STOPPED), Step.CLOSE),
        (JobState.RELEASED, wanted(PAUSED, S.PAUSED, is_released=True), Step.WAIT),
        (JobState.RELEASED, wanted(RUNNING, S.RESUMING, is_released=True), Step.RESTART),
        (JobState.RELEASED, wanted(STOPPED, S.STOPPING, is_released=True), Step.END_STOPPED),
        (JobState.RELEASED, wanted(PAUSED, S.ERROR), Step.CLOSE),
    ],
)
def test_a_job_without_a_process(state: JobState, control: ControlState, expected: Step) -> None:
    assert next_step(job(state), control, ObservedJob(), NOW_MS) is expected


@pytest.mark.parametrize("status", [RayStatus.PENDING, RayStatus.RUNNING])
@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (wanted(RUNNING, S.TRAINING, has_link=True), Step.WAIT),
        (wanted(PAUSED, S.PAUSING, has_link=True), Step.WAIT),
        (wanted(STOPPED, S.STOPPING, has_link=True, deadline_ms=NOW_MS), Step.WAIT),
        (wanted(STOPPED, S.STOPPING, has_link=True, deadline_ms=NOW_MS - 1), Step.KILL),
        (wanted(STOPPED, S.STOPPING, has_link=False, deadline_ms=NOW_MS), Step.STOP),
        (wanted(STOPPED, S.STOPPED), Step.WAIT),
        (wanted(RUNNING, S.COMPLETED), Step.WAIT),
    ],
)
def test_a_job_that_runs(status: RayStatus, control: ControlState, expected: Step) -> None:
    assert (
        next_step(job(JobState.SUBMITTED), control, ObservedJob(status=status), NOW_MS) is expected
    )


@pytest.mark.parametrize(
    "seen",
    [
        ObservedJob(status=RayStatus.SUCCEEDED),
        ObservedJob(status=RayStatus.FAILED),
        ObservedJob(status=RayStatus.STOPPED),
        ObservedJob(is_lost=True),
    ],
)
@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (wanted(RUNNING, S.TRAINING), Step.END_FAILED),
        (wanted(PAUSED, S.PAUSED), Step.END_FAILED),
        (wanted(STOPPED, S.STOPPING), Step.END_STOPPED),
        (wanted(PAUSED, S.PAUSED, is_released=True), Step.RELEASED),
        (wanted(RUNNING, S.RESUMING, is_released=True), Step.RESTART),
        (wanted(STOPPED, S.STOPPING, is_released=True), Step.END_STOPPED),
        (wanted(RUNNING, S.COMPLETED), Step.CLOSE),
        (wanted(STOPPED, S.STOPPED), Step.CLOSE),
    ],
)
def test_a_job_whose_process_is_gone(
    seen: ObservedJob, control: ControlState, expected: Step
) -> None:
    assert next_step(job(JobState.SUBMITTED), control, seen, NOW_MS) is expected
