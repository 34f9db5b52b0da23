"""Every status with every command and every observation: the next status, or the refusal."""

import pytest

from api.control.transitions import (
    LIVE,
    Action,
    IllegalMoveError,
    Observation,
    allowed_actions,
    transition,
)
from tracking_plugin.names import RunStatus

S, A, Seen = RunStatus, Action, Observation

COMMANDED: dict[RunStatus, dict[Action, RunStatus | None]] = {
    S.IDLE: {A.PAUSE: None, A.RESUME: None, A.STOP: None},
    S.PENDING: {A.PAUSE: S.PAUSING, A.RESUME: S.PENDING, A.STOP: S.STOPPING},
    S.STARTING: {A.PAUSE: S.PAUSING, A.RESUME: S.STARTING, A.STOP: S.STOPPING},
    S.TRAINING: {A.PAUSE: S.PAUSING, A.RESUME: S.TRAINING, A.STOP: S.STOPPING},
    S.PAUSING: {A.PAUSE: S.PAUSING, A.RESUME: S.RESUMING, A.STOP: S.STOPPING},
    S.PAUSED: {A.PAUSE: S.PAUSED, A.RESUME: S.RESUMING, A.STOP: S.STOPPING},
    S.RESUMING: {A.PAUSE: S.PAUSING, A.RESUME: S.RESUMING, A.STOP: S.STOPPING},
    S.STOPPING: {A.PAUSE: None, A.RESUME: None, A.STOP: S.STOPPING},
    S.STOPPED: {A.PAUSE: None, A.RESUME: None, A.STOP: S.STOPPED},
    S.COMPLETED: {A.PAUSE: None, A.RESUME: None, A.STOP: None},
    S.ERROR: {A.PAUSE: None, A.RESUME: None, A.STOP: None},
}
"""None where the command is refused."""

ENDS = {Seen.STOPPED: S.STOPPED, Seen.COMPLETED: S.COMPLETED, Seen.FAILED: S.ERROR}
OBSERVED: dict[RunStatus, dict[Observation, RunStatus]] = {
    S.IDLE: {},
    S.PENDING: {Seen.STARTING: S.STARTING, Seen.TRAINING: S.TRAINING, **ENDS},
    S.STARTING: {Seen.TRAINING: S.TRAINING, **ENDS},
    S.TRAINING: {**ENDS},
    S.PAUSING: {
        Seen.PAUSED: S.PAUSED,
        Seen.PAUSE_FAILED: S.TRAINING,
        Seen.DETACHED: S.TRAINING,
        **ENDS,
    },
    S.PAUSED: {Seen.TRAINING: S.PAUSING, Seen.DETACHED: S.TRAINING, **ENDS},
    S.RESUMING: {Seen.TRAINING: S.TRAINING, Seen.DETACHED: S.TRAINING, **ENDS},
    S.STOPPING: {Seen.DETACHED: S.TRAINING, **ENDS},
    S.STOPPED: {},
    S.COMPLETED: {},
    S.ERROR: {},
}
"""An observation that is not listed changes nothing."""


def test_the_tables_name_every_status() -> None:
    assert set(COMMANDED) == set(OBSERVED) == set(RunStatus)


@pytest.mark.parametrize(
    ("status", "action", "leads_to"),
    [(status, action, to) for status, row in COMMANDED.items() for action, to in row.items()],
)
def test_a_command_changes_the_status_or_is_refused_with_the_status(
    status: RunStatus, action: Action, leads_to: RunStatus | None
) -> None:
    if leads_to is not None:
        assert transition(status, action) is leads_to
        return
    with pytest.raises(IllegalMoveError, match=rf"The run is {status}: .* told to {action}"):
        transition(status, action)


@pytest.mark.parametrize("status", RunStatus)
@pytest.mark.parametrize("observation", Observation)
def test_an_observation_changes_the_status_or_nothing(
    status: RunStatus, observation: Observation
) -> None:
    assert transition(status, observation) is OBSERVED[status].get(observation, status)


def test_no_observation_revives_a_run_that_has_ended() -> None:
    ended = set(RunStatus) - LIVE
    assert {transition(status, observed) for status in ended for observed in Observation} == ended


@pytest.mark.parametrize("status", RunStatus)
def test_the_allowed_actions_are_those_that_change_the_status(status: RunStatus) -> None:
    changing = {
        action for action, to in COMMANDED[status].items() if to is not None and to is not status
    }
    assert set(allowed_actions()[status]) == changing
