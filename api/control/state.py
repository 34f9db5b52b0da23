"""What is wanted of a run and what it says, and how commands and reports change that: nothing but decisions."""

from dataclasses import dataclass, replace

from api.control.transitions import LIVE, Action, Observation, transition
from tracking_plugin.control_messages import Command, Desired, Observed, Report
from tracking_plugin.names import RunStatus

SILENT_AFTER_MS = 30_000
"""Three heartbeats."""

SILENT = "Nothing has been heard of the run for 30 s: its process, machine or network may be gone"

DESIRED = {
    Action.PAUSE: Desired.PAUSED,
    Action.RESUME: Desired.RUNNING,
    Action.STOP: Desired.STOPPED,
}

_OBEYING = {
    Desired.RUNNING: (RunStatus.TRAINING,),
    Desired.PAUSED: (RunStatus.PAUSED,),
    Desired.STOPPED: (RunStatus.STOPPING, RunStatus.STOPPED),
}
"""What a run says that does as it was told."""


@dataclass(frozen=True, kw_only=True)
class ControlState:
    """One run's; times in ms since the Unix epoch."""

    run_id: str
    workspace: str | None = None
    status: RunStatus
    desired: Desired = Desired.RUNNING
    release: bool = False
    command_id: int = 0
    """Of the command that made `desired` what it is, 0 before any; rises with each."""
    heard_command_id: int = 0
    """The newest that the run has said it obeys."""
    is_released: bool = False
    """Its process has saved and exits, and is to be started again if the run is to go on."""
    has_link: bool = False
    """Whether something that trains it has ever listened."""
    step: int | None = None
    message: str = ""
    heartbeat_ms: int | None = None
    deadline_ms: int | None = None
    """When a run that is to stop must have stopped."""

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def command(self) -> Command:
        """What the run is told."""
        return Command(desired=self.desired, release=self.release, command_id=self.command_id)

    def is_silent(self, now_ms: int) -> bool:
        """Whether a run that should be heard of has not been, for longer than three heartbeats."""
        is_expected = self.is_live and self.has_link and not self.is_released
        return is_expected and now_ms - (self.heartbeat_ms or 0) > SILENT_AFTER_MS

    def has_obeyed(self) -> bool:
        """Whether the run is what the newest command wants it to be, or has begun to end."""
        if self.desired is Desired.STOPPED:
            return not self.is_live or self.heard_command_id >= self.command_id
        if self.desired is Desired.PAUSED:
            return self.status is RunStatus.PAUSED
        return self.status is RunStatus.TRAINING

    def differs_from(self, before: "ControlState") -> bool:
        """Whether there is more to tell than that the run is still there, and how far it is."""
        return replace(self, heartbeat_ms=before.heartbeat_ms, step=before.step) != before


def commanded(
    state: ControlState, action: Action, *, release: bool, deadline_ms: int
) -> ControlState:
    """`state` with a new command, or as it is where that changes nothing; IllegalMoveError."""
    status = transition(state.status, action)
    gives_back_too = release and not (state.release or state.is_released)
    if status is state.status and not (action is Action.PAUSE and gives_back_too):
        return state
    return replace(
        state,
        status=RunStatus.PAUSING if action is Action.PAUSE else status,
        desired=DESIRED[action],
        release=action is Action.PAUSE and release,
        command_id=state.command_id + 1,
        message="",
        deadline_ms=deadline_ms if action is Action.STOP else None,
    )


def connected(state: ControlState, now_ms: int) -> ControlState:
    """`state` with something that listens."""
    message = "" if state.message == SILENT else state.message
    return replace(state, has_link=True, heartbeat_ms=now_ms, message=message)


def silenced(state: ControlState, now_ms: int) -> ControlState:
    """`state`, which says so if nothing is heard of the run any more; the next report takes that back."""
    return replace(state, message=SILENT) if state.is_silent(now_ms) else state


def reported(state: ControlState, report: Report, now_ms: int) -> ControlState:
    """`state` after the run has said what it is; one that has ended stays as it is.

    Only a report that answers the newest command can say that it has been obeyed: an older one
    tells of what was before. That a process exits is true whatever it was told since.
    """
    if not state.is_live:
        return state
    is_answer = report.command_id == state.command_id
    obeys = is_answer and report.observed.status in _OBEYING[state.desired]
    known = replace(
        connected(state, now_ms),
        heard_command_id=state.command_id if obeys else state.heard_command_id,
        step=state.step if report.step is None else report.step,
        is_released=report.released or (state.is_released and not is_answer),
    )
    observation = _observation(state, report, is_answer=is_answer)
    if observation is None:
        return known
    status = transition(state.status, observation)
    if observation is Observation.PAUSE_FAILED:
        # What cannot be had is no longer wanted: the run trains, and says why.
        known = replace(known, desired=Desired.RUNNING, release=False)
    message = report.message if status is not state.status or report.message else known.message
    return replace(known, status=status, message=message)


def _observation(state: ControlState, report: Report, *, is_answer: bool) -> Observation | None:
    observed = report.observed.status
    if observed is RunStatus.STARTING:
        return Observation.STARTING
    if observed is RunStatus.PAUSED:
        return Observation.PAUSED if is_answer else None
    if observed is not RunStatus.TRAINING:
        return None
    if state.status is RunStatus.PAUSING:
        return Observation.PAUSE_FAILED if is_answer and report.message else None
    is_expected = state.status not in (RunStatus.PAUSED, RunStatus.RESUMING)
    return Observation.TRAINING if is_answer or is_expected else None


def launched(state: ControlState) -> ControlState:
    """`state` once a job of its own has been submitted, in which nothing listens yet."""
    return replace(
        state,
        status=transition(state.status, Observation.STARTING),
        is_released=False,
        has_link=False,
        heartbeat_ms=None,
    )


def held_back(state: ControlState) -> ControlState:
    """`state` of a run that is to pause before it has a process."""
    return replace(
        state,
        status=transition(state.status, Observation.PAUSED),
        heard_command_id=state.command_id,
        is_released=True,
    )


def ended(state: ControlState, status: RunStatus, message: str = "") -> ControlState:
    """`state` after the run has come to an end, as MLflow has it; the first end is the one that counts."""
    if not state.is_live:
        return state
    return replace(
        state,
        status=transition(state.status, _ENDS[status]),
        is_released=False,
        deadline_ms=None,
        message=message or state.message,
    )


_ENDS = {
    RunStatus.COMPLETED: Observation.COMPLETED,
    RunStatus.STOPPED: Observation.STOPPED,
    RunStatus.ERROR: Observation.FAILED,
}


def restarted(state: ControlState, status: RunStatus) -> ControlState:
    """A run that had ended and is taken up once more: command ids go on rising."""
    return ControlState(
        run_id=state.run_id,
        workspace=state.workspace,
        status=status,
        command_id=state.command_id,
    )


def in_step(state: ControlState, status: RunStatus, *, was_live: bool) -> ControlState:
    """`state`, unless MLflow has the run begun again, or ended, while nobody looked.

    `was_live` is what the state was before MLflow was asked: a run that has ended since is not
    one that begins again.
    """
    is_live = status in LIVE
    if state.is_live and not is_live:
        return ended(state, status)
    has_begun_again = is_live and not state.is_live and not was_live
    return restarted(state, status) if has_begun_again else state


def is_stopped_by_itself(report: Report) -> bool:
    """Whether the run says that it has stopped, so that its MLflow run may be ended."""
    return report.observed is Observed.STOPPED
