"""What a job needs next, from what is wanted of its run and what Ray says of it: nothing but decisions."""

from dataclasses import dataclass
from enum import Enum, auto

from api.control.state import ControlState
from api.jobs.store import Job, JobState
from tracking_plugin.control_messages import Desired
from tracking_plugin.ray_status import RayStatus


class Step(Enum):
    """What is to be done about a job."""

    WAIT = auto()
    SUBMIT = auto()
    PAUSE_UNSTARTED = auto()
    """Paused before it has begun: there is nothing to hold, and nothing to give back."""
    RESTART = auto()
    STOP = auto()
    """Ask Ray for its end."""
    KILL = auto()
    """It was told to stop and did not obey in time."""
    RELEASED = auto()
    CLOSE = auto()
    """Its run has ended, and so has it."""
    END_STOPPED = auto()
    END_FAILED = auto()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What Ray says of a job's present attempt; `is_lost` where it knows of none."""

    status: RayStatus | None = None
    is_lost: bool = False

    @property
    def is_over(self) -> bool:
        return self.is_lost or (self.status is not None and self.status.is_end)


def next_step(job: Job, state: ControlState, seen: Seen, now_ms: int) -> Step:
    """The one thing to do now; what comes after it, the next look decides."""
    if job.state is JobState.SUBMITTED:
        return _after_end(state) if seen.is_over else _while_running(state, now_ms)
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
    if state.desired is not Desired.STOPPED or not state.is_live:
        return Step.WAIT
    if state.deadline_ms is not None and now_ms > state.deadline_ms:
        return Step.KILL
    # Nobody in there listens yet: Ray's signal is quicker than the end of the start.
    return Step.WAIT if state.has_link else Step.STOP


def _after_end(state: ControlState) -> Step:
    if not state.is_live:
        return Step.CLOSE
    if state.desired is Desired.STOPPED:
        return Step.END_STOPPED
    if state.is_released:
        return Step.RELEASED if state.desired is Desired.PAUSED else Step.RESTART
    return Step.END_FAILED
