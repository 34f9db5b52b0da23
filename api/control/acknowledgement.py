"""Decides whether a run has acknowledged a command, from the state of the run."""

from enum import StrEnum

from api.control.state import DESIRED, ControlState
from api.control.transitions import Action


class CommandOutcome(StrEnum):
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    """By the server, at once; or an instruction by the run."""
    FAILED = "failed"
    """The run could not do it, or ended before it did."""
    SUPERSEDED = "superseded"
    """A later command replaced it before the run acknowledged it."""


def command_outcome(state: ControlState, action: Action, command_id: int) -> CommandOutcome:
    """The outcome, in `state`, of a command that was pending before."""
    if command_id != state.command_id:
        return CommandOutcome.SUPERSEDED
    if not state.is_live:
        return CommandOutcome.DONE if action is Action.STOP else CommandOutcome.FAILED
    if state.desired is not DESIRED[action]:
        return CommandOutcome.FAILED
    return CommandOutcome.DONE if state.is_acknowledged else CommandOutcome.PENDING


def outcome_reason(state: ControlState, outcome: CommandOutcome) -> str:
    """The reason of `outcome` for the audit; empty if there is nothing to explain."""
    if not state.is_live:
        return f"The run is {state.status}"
    return state.message if outcome is CommandOutcome.FAILED else ""
