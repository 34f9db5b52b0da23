"""Which commands a run cannot be given, whatever its status."""

from api.control.mlflow_run import MlflowRunSnapshot
from api.control.state import ControlState
from api.errors import ConflictError


class NotControllableError(ConflictError):
    """A run that nothing listens for."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"Nothing that trains the run {run_id} listens for commands: add "
            "tracking_plugin.control.RunControl to its loop, or start it with POST "
            "/api/training/start"
        )


class NotReleasableError(ConflictError):
    """A pause that would give back a machine which nobody here could ask for again."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"The run {run_id} was not started by this server, which could not start it again: "
            "pause it without release, or stop it and go on with it where it was started"
        )


def require_controllable(state: ControlState, run: MlflowRunSnapshot, *, release: bool) -> None:
    """NotControllableError, NotReleasableError; a run that has ended is its status's to refuse."""
    if not state.is_live:
        return
    if not (state.has_link or run.is_job or run.has_status_tag):
        raise NotControllableError(state.run_id)
    if release and not run.is_job:
        raise NotReleasableError(state.run_id)
