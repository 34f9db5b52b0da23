"""What comes of commands, told from the state that a run is in: nothing but decisions."""

from enum import StrEnum

from api.control.state import DESIRED, ControlState
from api.control.transitions import Action


class Outcome(StrEnum):
    """What came of a command."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    """By the server, at once."""
    FAILED = "failed"
    """The run could not do it, or ended before it did."""
    SUPERSEDED = "superseded"
    """A later command came before the run had obeyed."""


def outcome(state: ControlState, action: Action, command_id: int) -> Outcome:
    """What has come of a command to do `action` that nothing had come of before `state`."""
    if command_id != state.command_id:
        return Outcome.SUPERSEDED
    if not state.is_live:
        return Outcome.DONE if action is Action.STOP else Outcome.FAILED
    if state.desired is not DESIRED[action]:
        return Outcome.FAILED
    return Outcome.DONE if state.has_obeyed() else Outcome.PENDING


def reason(state: ControlState, came: Outcome) -> str:
    """Why, for the audit."""
    if not state.is_live:
        return f"The run is {state.status}"
    return state.message if came is Outcome.FAILED else ""
