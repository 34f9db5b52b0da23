"""How a run's status moves: one function over the status words, for commands and for observations alike."""

from collections.abc import Mapping
from enum import StrEnum

from api.errors import ConflictError
from tracking_plugin.names import RunStatus

S = RunStatus


class Action(StrEnum):
    """What somebody commands a run to do."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class Observation(StrEnum):
    """What became of a run, as it says itself or as is seen from outside."""

    STARTING = "starting"
    TRAINING = "training"
    PAUSED = "paused"
    PAUSE_FAILED = "pause_failed"
    STOPPED = "stopped"
    COMPLETED = "completed"
    FAILED = "failed"


LIVE = frozenset({S.PENDING, S.STARTING, S.TRAINING, S.PAUSING, S.PAUSED, S.RESUMING, S.STOPPING})
"""Of runs that have not ended."""

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
        # It is going already, or about to.
        **{status: status for status in _STARTABLE},
    },
    Action.STOP: {
        **dict.fromkeys(LIVE, S.STOPPING),
        S.STOPPED: S.STOPPED,
    },
}

# What a run says may be older than what it was last told: a pause that has been taken back, or a
# start that is to be stopped, is not undone by news of what was.
_OBSERVED: Mapping[Observation, Mapping[RunStatus, RunStatus]] = {
    Observation.STARTING: {S.PENDING: S.STARTING},
    Observation.TRAINING: {
        **dict.fromkeys((S.PENDING, S.STARTING, S.RESUMING), S.TRAINING),
        # Begun again by whoever started it, it does not hold any more, and is still to.
        S.PAUSED: S.PAUSING,
    },
    Observation.PAUSED: {S.PAUSING: S.PAUSED},
    Observation.PAUSE_FAILED: {S.PAUSING: S.TRAINING},
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
    """The status that `event` leads to; IllegalMoveError for a command that is out of place.

    A command whose end is reached already changes nothing, and so does news that is out of date.
    """
    if isinstance(event, Observation):
        return _OBSERVED[event].get(status, status)
    if status not in _COMMANDED[event]:
        raise IllegalMoveError(status, event)
    return _COMMANDED[event][status]
