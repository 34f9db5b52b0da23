"""Decides how commands, reports and ends change the control state of a run; does no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from msgspec import UNSET

from api.control.silence import CONTROLLED_LIMIT_MS, SILENT_MESSAGE, is_silent
from api.control.transitions import LIVE, Action, Observation, transition
from api.runs.run_over import RunEnd
from api.runs.status import DELETED_MESSAGE
from tracking_plugin.control_messages import Command, Desired, Observed, Report
from tracking_plugin.names import RunStatus

DETACHED_MESSAGE = "The training loop has ended, and listens for commands no more"

DESIRED = {
    Action.PAUSE: Desired.PAUSED,
    Action.RESUME: Desired.RUNNING,
    Action.STOP: Desired.STOPPED,
}

_ACKNOWLEDGING = {
    Desired.RUNNING: (RunStatus.TRAINING,),
    Desired.PAUSED: (RunStatus.PAUSED,),
    Desired.STOPPED: (RunStatus.STOPPING, RunStatus.STOPPED),
}
"""The reported statuses that acknowledge a command."""


@dataclass(frozen=True, kw_only=True)
class ControlState:
    """The desired and the observed state of one run; times in ms since the Unix epoch."""

    run_id: str
    workspace: str | None = None
    status: RunStatus
    desired: Desired = Desired.RUNNING
    release: bool = False
    command_id: int = 0
    """The id of the newest command, 0 before any; it rises with each."""
    heard_command_id: int = 0
    """The id of the newest command that the run has acknowledged."""
    is_released: bool = False
    """Whether its process has saved and exits, and must be started again to continue the run."""
    has_link: bool = False
    """Whether its program has ever opened a control link."""
    step: int | None = None
    message: str = ""
    heartbeat_ms: int | None = None
    deadline_ms: int | None = None
    """When a run that was told to stop is killed."""
    link_digest: str = field(default="", repr=False)
    """Digest of the secret of the program that holds the control link; empty if any may have it."""
    is_link_of_job: bool = False
    """Whether that secret is in the environment of a job of this server."""
    program: str | None = None
    """The program that has last said which instructions it understands."""
    understands: str | None = None
    """The names of these instructions, between spaces; None if no program has said so."""

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def understood_names(self) -> tuple[str, ...] | None:
        return None if self.understands is None else tuple(self.understands.split())

    @property
    def has_detached(self) -> bool:
        """Whether its program had a control link, and has said that it listens no more."""
        return self.heartbeat_ms is not None and not self.has_link

    @property
    def command(self) -> Command:
        """The message that is sent to the run."""
        return Command(desired=self.desired, release=self.release, command_id=self.command_id)

    def is_silent(self, now_ms: int) -> bool:
        """Whether the run should send heartbeats and does not: see api.control.silence."""
        is_expected = self.is_live and self.has_link and not self.is_released
        return is_expected and is_silent(
            self.heartbeat_ms or 0, now_ms, limit_ms=CONTROLLED_LIMIT_MS
        )

    @property
    def is_acknowledged(self) -> bool:
        """Whether the run is as the newest command wants it, or has begun to end."""
        if self.desired is Desired.STOPPED:
            return not self.is_live or self.heard_command_id >= self.command_id
        if self.desired is Desired.PAUSED:
            return self.status is RunStatus.PAUSED
        return self.status is RunStatus.TRAINING

    def differs_from(self, before: "ControlState") -> bool:
        """Whether more has changed than the time of the last heartbeat and the step."""
        return replace(self, heartbeat_ms=before.heartbeat_ms, step=before.step) != before


def commanded(
    state: ControlState, action: Action, *, release: bool, deadline_ms: int
) -> ControlState:
    """`state` with a new command, or unchanged if the command changes nothing.

    Raises IllegalMoveError if the status does not allow the command.
    """
    status = transition(state.status, action)
    releases_too = release and not (state.release or state.is_released)
    if status is state.status and not (action is Action.PAUSE and releases_too):
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
    """`state` after the run's program has opened a control link or sent a report over it."""
    message = "" if state.message in (SILENT_MESSAGE, DETACHED_MESSAGE) else state.message
    return replace(state, has_link=True, heartbeat_ms=now_ms, message=message)


def marked_silent(state: ControlState, now_ms: int) -> ControlState:
    """`state` with a message that the run is silent, if it is; the next report removes it."""
    return replace(state, message=SILENT_MESSAGE) if state.is_silent(now_ms) else state


def reported(state: ControlState, report: Report, now_ms: int) -> ControlState:
    """`state` after a report of the run; a run that has ended stays as it is.

    Only a report with the id of the newest command acknowledges it: an older report describes the
    time before. That a process exits is true whatever was commanded since.
    """
    if not state.is_live:
        return state
    if report.observed is Observed.DETACHED:
        return _detached(state, report.message)
    is_answer = report.command_id == state.command_id
    acknowledges = is_answer and report.observed.status in _ACKNOWLEDGING[state.desired]
    known = replace(
        connected(_with_instructions(state, report), now_ms),
        heard_command_id=state.command_id if acknowledges else state.heard_command_id,
        step=state.step if report.step is None else report.step,
        is_released=report.released or (state.is_released and not is_answer),
    )
    observation = _observation(state, report, is_answer=is_answer)
    if observation is None:
        return known
    status = transition(state.status, observation)
    if observation is Observation.PAUSE_FAILED:
        # The command has failed for good: the run trains, and its message says why.
        known = replace(known, desired=Desired.RUNNING, release=False)
    message = report.message if status is not state.status or report.message else known.message
    return replace(known, status=status, message=message)


def _with_instructions(state: ControlState, report: Report) -> ControlState:
    """`state` with the instructions that the program understands, if the report says so."""
    if report.understands is UNSET:
        return state
    names = " ".join(report.understands)
    return replace(state, program=report.program or None, understands=names)


def without_program(state: ControlState) -> ControlState:
    """`state` when another program gets the link, which has not said yet what it understands."""
    return replace(state, program=None, understands=None)


def _detached(state: ControlState, message: str) -> ControlState:
    """The loop has ended and listens no more. A command that it has not carried out has failed."""
    has_open_command = state.desired is not Desired.RUNNING
    return replace(
        state,
        status=transition(state.status, Observation.DETACHED),
        desired=Desired.RUNNING,
        release=False,
        has_link=False,
        deadline_ms=None,
        message=message or (DETACHED_MESSAGE if has_open_command else ""),
    )


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
    """`state` once a Ray job is submitted for the run; its program has no control link yet."""
    return replace(
        state,
        status=transition(state.status, Observation.STARTING),
        is_released=False,
        has_link=False,
        heartbeat_ms=None,
    )


def paused_unstarted(state: ControlState) -> ControlState:
    """`state` of a run that is paused before it has a process."""
    return replace(
        state,
        status=transition(state.status, Observation.PAUSED),
        heard_command_id=state.command_id,
        is_released=True,
    )


def ended(state: ControlState, status: RunStatus, message: str = "") -> ControlState:
    """`state` after the end of the run. The first end counts; a later one changes nothing.

    A loop that is still paused is told to stop, since no later command can reach its run.
    """
    if not state.is_live:
        return state
    is_to_pause = state.desired is Desired.PAUSED
    return replace(
        state,
        status=transition(state.status, _ENDS[status]),
        desired=Desired.STOPPED if is_to_pause else state.desired,
        is_released=False,
        deadline_ms=None,
        message=message or state.message,
    )


def deleted(state: ControlState, deadline_ms: int) -> ControlState:
    """`state` after the run was deleted: its program is told to stop, and its job has a deadline."""
    if not state.is_live:
        return state
    gone = ended(state, RunStatus.STOPPED, DELETED_MESSAGE)
    return replace(gone, desired=Desired.STOPPED, deadline_ms=deadline_ms)


_ENDS = {
    RunStatus.COMPLETED: Observation.COMPLETED,
    RunStatus.STOPPED: Observation.STOPPED,
    RunStatus.ERROR: Observation.FAILED,
}


STATUS_OF: Mapping[RunEnd, RunStatus] = {
    RunEnd.COMPLETED: RunStatus.COMPLETED,
    RunEnd.STOPPED: RunStatus.STOPPED,
    RunEnd.FAILED: RunStatus.ERROR,
    RunEnd.DELETED: RunStatus.STOPPED,
}
END_OF: Mapping[RunStatus, RunEnd] = {
    status: how for how, status in STATUS_OF.items() if how is not RunEnd.DELETED
}


def restarted(state: ControlState, status: RunStatus) -> ControlState:
    """The state of a run that had ended and was started again; command ids go on rising."""
    return ControlState(
        run_id=state.run_id,
        workspace=state.workspace,
        status=status,
        command_id=state.command_id,
    )


def synced_with_mlflow(state: ControlState, status: RunStatus) -> ControlState:
    """`state`, ended or restarted if the run ended or was restarted in MLflow unnoticed."""
    is_live = status in LIVE
    if state.is_live and not is_live:
        return ended(state, status)
    return restarted(state, status) if is_live and not state.is_live else state


def end_of_report(report: Report) -> RunStatus | None:
    """How the run reports that it has ended, so that its MLflow run may be ended; None if it has not."""
    return {Observed.STOPPED: RunStatus.STOPPED, Observed.FAILED: RunStatus.ERROR}.get(
        report.observed
    )
