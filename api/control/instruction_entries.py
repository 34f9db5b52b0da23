"""Writes the record of a one-time command as the API and the sockets return it."""

from api.control.acknowledgement import CommandOutcome
from api.control.audit import CommandRecord
from api.control.instruction_schemas import InstructionEntry, InstructionStatus
from api.control.instructions import arguments_of
from api.control.state import ControlState
from api.timestamps import utc


def instruction_entry(record: CommandRecord) -> InstructionEntry:
    return InstructionEntry(
        id=record.id,
        run_id=record.run_id,
        name=record.name or "",
        arguments=arguments_of(record.arguments),
        status=_status(record),
        step=record.step,
        message=record.message,
        who=record.who,
        source=record.source,
        timestamp=utc(record.at_ms),
        taken_at=None if record.taken_ms is None else utc(record.taken_ms),
        answered_at=None if record.outcome_ms is None else utc(record.outcome_ms),
    )


def instruction_response(
    record: CommandRecord, state: ControlState, now_ms: int
) -> InstructionEntry:
    """The entry; while the run has not answered, its message says why, given the run's state now."""
    entry = instruction_entry(record)
    return entry.model_copy(
        update={"message": entry.message or _open_message(entry, state, now_ms)}
    )


def _open_message(entry: InstructionEntry, state: ControlState, now_ms: int) -> str:
    if entry.status is InstructionStatus.TAKEN:
        return "The run has taken the command, and has not answered yet"
    if entry.status is not InstructionStatus.PENDING:
        return ""
    if state.is_silent(now_ms):
        return "Stored, but the run is silent: it will take the command if it connects again"
    if state.is_released or not state.has_link:
        return "Stored: the run will take the command as soon as it connects"
    return "Stored: the run will take the command between two of its steps"


def _status(record: CommandRecord) -> InstructionStatus:
    if record.outcome is CommandOutcome.PENDING:
        return InstructionStatus.TAKEN if record.taken_by else InstructionStatus.PENDING
    return InstructionStatus(record.outcome)
