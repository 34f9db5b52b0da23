"""How a run's status changes: one table of commands, one of observations, and the function that reads both."""

from collections.abc import Mapping
from enum import StrEnum

from api.errors import ConflictError
from tracking_plugin.names import RunStatus

S = RunStatus


class Action(StrEnum):
    """A command to a run."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class Observation(StrEnum):
    """An event of a run, reported by the run itself or found in MLflow or on Ray."""

    STARTING = "starting"
    TRAINING = "training"
    PAUSED = "paused"
    PAUSE_FAILED = "pause_failed"
    DETACHED = "detached"
    STOPPED = "stopped"
    COMPLETED = "completed"
    FAILED = "failed"


LIVE = frozenset({S.PENDING, S.STARTING, S.TRAINING, S.PAUSING, S.PAUSED, S.RESUMING, S.STOPPING})
"""The statuses of runs that have not ended."""

_STARTABLE = (S.PENDING, S.STARTING, S.TRAINING, S.RESUMING)

_COMMANDED: Mapping[Action, Mapping[RunStatus, RunStatus]] = {
    Action.PAUSE: {
        **dict.fromkeys(_STARTABLE, S.PAUSING),
        S.PAUSING: S.PAUSING,
        S.PAUSED: S.PAUSED,
    },
    Action.RESUME: {
        S.PAUSING: S.RESUMING,
        S.PAUSED: S.RESUMING,
        # These runs train already, or are about to.
        **{status: status for status in _STARTABLE},
    },
    Action.STOP: {
        **dict.fromkeys(LIVE, S.STOPPING),
        S.STOPPED: S.STOPPED,
    },
}

# A report may be older than the newest command. It must not undo that command: a run that is
# resuming or stopping does not become paused again.
_OBSERVED: Mapping[Observation, Mapping[RunStatus, RunStatus]] = {
    Observation.STARTING: {S.PENDING: S.STARTING},
    Observation.TRAINING: {
        **dict.fromkeys((S.PENDING, S.STARTING, S.RESUMING), S.TRAINING),
        # Somebody restarted the paused run. The command to pause still holds for it.
        S.PAUSED: S.PAUSING,
    },
    Observation.PAUSED: {S.PAUSING: S.PAUSED},
    Observation.PAUSE_FAILED: {S.PAUSING: S.TRAINING},
    # The loop has ended without its run. What MLflow says of the run is all that is known.
    Observation.DETACHED: dict.fromkeys((S.PAUSING, S.PAUSED, S.RESUMING, S.STOPPING), S.TRAINING),
    Observation.STOPPED: dict.fromkeys(LIVE, S.STOPPED),
    Observation.COMPLETED: dict.fromkeys(LIVE, S.COMPLETED),
    Observation.FAILED: dict.fromkeys(LIVE, S.ERROR),
}


class IllegalMoveError(ConflictError):
    """A command that the run's status does not allow."""

    def __init__(self, status: RunStatus, action: Action) -> None:
        super().__init__(f"The run is {status}: it cannot be told to {action}")
        self.status = status


def transition(status: RunStatus, event: Action | Observation) -> RunStatus:
    """The status after `event`. Raises IllegalMoveError for a command that `status` does not allow.

    A command whose aim is already reached changes nothing, and neither does an outdated observation.
    """
    if isinstance(event, Observation):
        return _OBSERVED[event].get(status, status)
    if status not in _COMMANDED[event]:
        raise IllegalMoveError(status, event)
    return _COMMANDED[event][status]


def allowed_actions() -> Mapping[RunStatus, tuple[Action, ...]]:
    """The commands that change a run of each status: what a user interface offers."""
    return {
        status: tuple(
            action
            for action, moves in _COMMANDED.items()
            if moves.get(status, status) is not status
        )
        for status in RunStatus
    }
