"""Writes the response to a command: its outcome so far, in a sentence that reports only what has happened."""

from api.control.acknowledgement import CommandOutcome
from api.control.audit import CommandRecord
from api.control.audited_actions import AuditedAction
from api.control.instructions import arguments_of
from api.control.schemas import CommandEntry, ControlResponse, ControlResult
from api.control.state import ControlState
from api.control.transitions import Action
from api.timestamps import utc
from tracking_plugin.names import RunStatus


def control_response(record: CommandRecord, state: ControlState, now_ms: int) -> ControlResponse:
    """The response to the command of `record`, given the state of its run now."""
    has_failed = record.outcome not in (CommandOutcome.DONE, CommandOutcome.PENDING)
    return ControlResponse(
        status=ControlResult.ERROR if has_failed else ControlResult.SUCCESS,
        message=_sentence(record, state, now_ms),
        training_status=state.status,
        run_id=state.run_id,
        acknowledged=record.outcome is CommandOutcome.DONE,
        released=state.is_released,
        step=state.step,
    )


def command_entry(record: CommandRecord) -> CommandEntry:
    """A record of the audit, as the API returns it."""
    return CommandEntry(
        id=record.id,
        action=record.action,
        name=record.name,
        arguments=None if record.arguments is None else arguments_of(record.arguments),
        step=record.step,
        release=record.release,
        who=record.who,
        source=record.source,
        timestamp=utc(record.at_ms),
        outcome=record.outcome,
        outcome_timestamp=None if record.outcome_ms is None else utc(record.outcome_ms),
        message=record.message,
    )


def _sentence(record: CommandRecord, state: ControlState, now_ms: int) -> str:
    match record.outcome:
        case CommandOutcome.SUPERSEDED:
            return (
                "A later command replaced this one before the run acknowledged it: the run is to "
                f"be {state.desired} now"
            )
        case CommandOutcome.PENDING:
            return _pending(record.action, state, now_ms)
        case CommandOutcome.DONE:
            return _done(record, state)
        case _:
            return record.message or f"The run could not {record.action}"


def _pending(action: AuditedAction, state: ControlState, now_ms: int) -> str:
    if state.is_silent(now_ms):
        return f"Stored, but the run is silent: it will {action} if it connects again"
    if not state.has_link:
        return f"Stored: the run will {action} as soon as it connects"
    return f"The run has not acknowledged the command to {action} yet"


def _done(record: CommandRecord, state: ControlState) -> str:
    at = "" if state.step is None else f" after step {state.step}"
    if not state.is_live:
        return f"The run is {state.status}"
    if state.command_id != record.command_id:
        return f"The run did so; because of a later command it is to be {state.desired} now"
    if record.action is Action.STOP:
        return f"The run is stopping{at}: it saves, and ends"
    if state.status is RunStatus.PAUSED:
        kept = "has given its accelerators back" if state.is_released else "keeps its accelerators"
        return f"The run is paused{at} and {kept}"
    return f"The run goes on{at}"
