"""Decides what a job needs next, from its control state and its status on Ray; does no I/O."""

from dataclasses import dataclass
from enum import Enum, auto

from api.control.state import ControlState
from api.jobs.store import Job, JobState
from tracking_plugin.control_messages import Desired
from tracking_plugin.ray_job_api import RayStatus


class Step(Enum):
    """One action on a job."""

    WAIT = auto()
    SUBMIT = auto()
    PAUSE_UNSTARTED = auto()
    """The job is paused before it has begun: there is no process to pause or to end."""
    RESTART = auto()
    STOP = auto()
    """Tell Ray to stop the job."""
    KILL = auto()
    """Tell Ray to stop a job that did not stop by its deadline."""
    RELEASED = auto()
    CLOSE = auto()
    """Both the run and the job have ended."""
    END_STOPPED = auto()
    END_FAILED = auto()


@dataclass(frozen=True, kw_only=True)
class ObservedJob:
    """The status on Ray of the job's current attempt; `is_lost` if Ray does not know the attempt."""

    status: RayStatus | None = None
    is_lost: bool = False

    @property
    def is_over(self) -> bool:
        return self.is_lost or (self.status is not None and self.status.is_end)


def next_step(job: Job, state: ControlState, observed: ObservedJob, now_ms: int) -> Step:
    """The next action; the one after it is decided when the job is reconciled again."""
    if job.state is JobState.SUBMITTED:
        return _after_end(state) if observed.is_over else _while_running(state, now_ms)
    if not state.is_live:
        return Step.CLOSE
    if state.desired is Desired.STOPPED:
        return Step.END_STOPPED
    if job.state is JobState.CREATED:
        return Step.WAIT
    if job.state is JobState.WANTED:
        return Step.PAUSE_UNSTARTED if state.desired is Desired.PAUSED else Step.SUBMIT
    return Step.RESTART if state.desired is Desired.RUNNING else Step.WAIT


def _while_running(state: ControlState, now_ms: int) -> Step:
    has_deadline = state.deadline_ms is not None
    # A run that has ended by itself is about to exit; one that was deleted has a deadline.
    if state.desired is not Desired.STOPPED or not (state.is_live or has_deadline):
        return Step.WAIT
    if state.deadline_ms is not None and now_ms > state.deadline_ms:
        return Step.KILL
    # Before the program has opened its control link, only Ray can stop it.
    return Step.WAIT if state.has_link else Step.STOP


def _after_end(state: ControlState) -> Step:
    if not state.is_live:
        return Step.CLOSE
    if state.desired is Desired.STOPPED:
        return Step.END_STOPPED
    if state.is_released:
        return Step.RELEASED if state.desired is Desired.PAUSED else Step.RESTART
    return Step.END_FAILED
