"""Decides which one-time commands a run cannot accept."""

from api.control.instructions import understood_message
from api.control.mlflow_run import MlflowRunSnapshot
from api.control.refusals import NotControllableError
from api.control.state import ControlState
from api.errors import ConflictError, UnprocessableError
from tracking_plugin.control_messages import MAX_OPEN_INSTRUCTIONS
from tracking_plugin.names import RunStatus


class MalformedArgumentsError(UnprocessableError):
    """The arguments do not fit the command."""


class NothingLeftError(ConflictError):
    """The run has ended, or is about to."""

    def __init__(self, status: RunStatus) -> None:
        super().__init__(f"The run is {status}: it takes no commands any more")


class NothingUnderstoodError(ConflictError):
    """The run's program has not said that it understands any one-time command."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"The program of the run {run_id} understands no one-time command, or has not connected "
            "yet: it says which with RunControl.understand or TrainingSession.understand"
        )


class NotUnderstoodError(ConflictError):
    """The run's program understands other one-time commands."""

    def __init__(self, name: str, understood: tuple[str, ...]) -> None:
        super().__init__(f"{understood_message(understood)}, and not {name}")


class TooManyOpenError(ConflictError):
    """The run has not answered the commands before this one."""

    def __init__(self) -> None:
        super().__init__(
            f"The run has {MAX_OPEN_INSTRUCTIONS} commands that it has not answered yet: send another "
            "one when it has answered some"
        )


def require_accepted(
    state: ControlState, run: MlflowRunSnapshot, name: str, *, num_open: int
) -> None:
    """Raises one of the conflicts above if the run cannot accept a command of that name now."""
    names = names_taken(state, run)
    if name not in names:
        raise NotUnderstoodError(name, names)
    if num_open >= MAX_OPEN_INSTRUCTIONS:
        raise TooManyOpenError


def names_taken(state: ControlState, run: MlflowRunSnapshot) -> tuple[str, ...]:
    """The commands that the run takes now. Raises one of the conflicts above if it takes none."""
    if not state.is_live or state.status is RunStatus.STOPPING:
        raise NothingLeftError(state.status)
    if state.has_detached and not run.job:
        raise NotControllableError(state.run_id)
    if not state.understood_names:
        raise NothingUnderstoodError(state.run_id)
    return state.understood_names
