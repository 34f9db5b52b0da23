"""Decides which commands a run cannot accept, whatever its status."""

from api.control.mlflow_run import MlflowRunSnapshot
from api.control.state import ControlState
from api.control.transitions import Action
from api.errors import ConflictError


class NotControllableError(ConflictError):
    """The run has no control link."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"Nothing that trains the run {run_id} listens for commands: add "
            "tracking_plugin.control.RunControl to its loop, or start it with POST "
            "/api/training/start"
        )


class NotReleasableError(ConflictError):
    """A pause with release of a run that this server could not start again."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"The run {run_id} was not started by this server, which could not start it again: "
            "pause it without release, or stop it and go on with it where it was started"
        )


class NotPausableError(ConflictError):
    """A pause of a job whose program cannot save its state and continue later."""

    def __init__(self, run_id: str, kind: str) -> None:
        super().__init__(
            f"The run {run_id} is a job of the kind {kind!r}, which cannot be paused: stop it, and "
            "create another one later"
        )


def require_controllable(
    state: ControlState, run: MlflowRunSnapshot, action: Action, *, release: bool
) -> None:
    """Raises one of the errors above. `transition` refuses commands to runs that have ended."""
    if not state.is_live:
        return
    is_reachable = state.has_link or (run.has_status_tag and not state.has_detached)
    if not (is_reachable or run.job):
        raise NotControllableError(state.run_id)
    if action is Action.PAUSE and run.job and not run.job.can_pause:
        raise NotPausableError(state.run_id, run.job.kind)
    if release and not run.job:
        raise NotReleasableError(state.run_id)
