"""The instructions of a run in the audit: stored, taken and answered, each change within a transaction.

An instruction is pending until the run's answer is stored. The program that takes it is stored with
it before that program carries it out, so that no other one does so as well.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select, update

from api.control.acknowledgement import CommandOutcome
from api.control.audit import CommandRecord, Issuer, find_record, insert_record, record_of
from api.control.audited_actions import InstructionAction
from api.control.state import ControlState
from api.storage.tables import commands
from tracking_plugin.control_messages import Answer, Instruction, InstructionResult, Report

LOST_MESSAGE = "The program that took this command ended before it answered: whether it took effect is not known"

_OUTCOMES = {
    InstructionResult.DONE: CommandOutcome.DONE,
    InstructionResult.REFUSED: CommandOutcome.REFUSED,
}


@dataclass(frozen=True, kw_only=True)
class InstructionOrder:
    """An instruction before the server accepts or refuses it; time in ms since the Unix epoch."""

    name: str
    arguments: str
    """JSON."""
    issuer: Issuer
    at_ms: int


def add_instruction(
    connection: Connection, state: ControlState, order: InstructionOrder, refusal: str | None = None
) -> CommandRecord:
    """Add a record that is pending, or refused for the reason `refusal`."""
    outcome = CommandOutcome.PENDING if refusal is None else CommandOutcome.REFUSED
    record_id = insert_record(
        connection,
        state,
        order.issuer,
        action=InstructionAction.INSTRUCT,
        release=False,
        at_ms=order.at_ms,
        outcome=outcome,
        outcome_ms=None if refusal is None else order.at_ms,
        message=refusal or "",
        name=order.name,
        arguments=order.arguments,
    )
    return find_record(connection, record_id)


def num_open(connection: Connection, run_id: str) -> int:
    query = select(func.count()).select_from(commands).where(*_open(run_id))
    return int(connection.execute(query).scalar_one())


def open_for(connection: Connection, run_id: str, program: str) -> list[Instruction]:
    """The open instructions that `program` may carry out or has taken, oldest first."""
    is_free = commands.c.taken_by.is_(None) | (commands.c.taken_by == program)
    query = select(commands).where(*_open(run_id), is_free).order_by(commands.c.id)
    return [
        Instruction(
            id=row.id,
            name=row.name,
            arguments=arguments_of(row.arguments),
            taken=row.taken_by is not None,
        )
        for row in connection.execute(query)
    ]


def arguments_of(stored: str | None) -> dict[str, Any]:
    arguments: dict[str, Any] = msgspec.json.decode(stored or "{}")
    return arguments


def apply_report(
    connection: Connection, run_id: str, report: Report, now_ms: int
) -> list[CommandRecord]:
    """Store which instructions the program takes, and its answers; returns those that this changed."""
    changed = _take(connection, run_id, report, now_ms)
    for answer in report.answers:
        changed += _store_answer(connection, run_id, report.program, answer, now_ms)
    return _records(connection, changed)


def settle_instructions(
    connection: Connection, before: ControlState, after: ControlState, now_ms: int
) -> list[CommandRecord]:
    """End each open instruction that nothing can answer any more; returns them."""
    changed: list[int] = []
    is_taken = commands.c.taken_by.is_not(None)
    if after.program != before.program:
        by_another = is_taken & (commands.c.taken_by != (after.program or ""))
        changed += _fail(connection, after.run_id, LOST_MESSAGE, now_ms, by_another)
    if not after.is_live or after.has_detached:
        changed += _fail(connection, after.run_id, LOST_MESSAGE, now_ms, is_taken)
        changed += _fail(connection, after.run_id, _end_message(after), now_ms)
    elif after.understood_names is not None and after.understands != before.understands:
        not_understood = commands.c.name.not_in(after.understood_names) & ~is_taken
        message = understood_message(after.understood_names)
        changed += _fail(connection, after.run_id, message, now_ms, not_understood)
    return _records(connection, changed)


def understood_message(names: Sequence[str]) -> str:
    """A sentence that says what the program of a run understands."""
    return f"The run understands {', '.join(names) if names else 'no one-time command'}"


def _end_message(state: ControlState) -> str:
    if state.is_live:
        return "The training loop has ended, and takes no commands any more"
    return f"The run is {state.status}"


def _open(run_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        commands.c.run_id == run_id,
        commands.c.outcome == CommandOutcome.PENDING,
        commands.c.action == InstructionAction.INSTRUCT,
    )


def _take(connection: Connection, run_id: str, report: Report, now_ms: int) -> list[int]:
    """The ids of the free ones among those that the program wants; they are now its own."""
    if not (report.program and report.taken):
        return []
    is_wanted = commands.c.id.in_(report.taken) & commands.c.taken_by.is_(None)
    ids = list(connection.execute(select(commands.c.id).where(*_open(run_id), is_wanted)).scalars())
    taken = {"taken_by": report.program, "taken_ms": now_ms}
    connection.execute(update(commands).where(commands.c.id.in_(ids)).values(taken))
    return ids


def _store_answer(
    connection: Connection, run_id: str, program: str, answer: Answer, now_ms: int
) -> list[int]:
    """Store the answer, if it is the first, of the program that may give it; returns its id.

    An answer that comes after the run's end replaces the failure that was assumed then.
    """
    query = select(commands).where(
        commands.c.id == answer.id,
        commands.c.run_id == run_id,
        commands.c.action == InstructionAction.INSTRUCT,
    )
    row = connection.execute(query).one_or_none()
    if row is None or (row.taken_by or program) != program:
        return []
    is_late = row.outcome == CommandOutcome.FAILED and row.taken_by is not None
    if row.outcome != CommandOutcome.PENDING and not is_late:
        return []
    values = {
        "outcome": _OUTCOMES[answer.result],
        "outcome_ms": now_ms,
        "step": answer.step,
        "message": answer.message,
    }
    connection.execute(update(commands).where(commands.c.id == answer.id).values(values))
    return [answer.id]


def _fail(
    connection: Connection,
    run_id: str,
    message: str,
    now_ms: int,
    *conditions: ColumnElement[bool],
) -> list[int]:
    ids = list(
        connection.execute(select(commands.c.id).where(*_open(run_id), *conditions)).scalars()
    )
    failed = {"outcome": CommandOutcome.FAILED, "outcome_ms": now_ms, "message": message}
    connection.execute(update(commands).where(commands.c.id.in_(ids)).values(failed))
    return ids


def _records(connection: Connection, ids: Iterable[int]) -> list[CommandRecord]:
    """Oldest first."""
    query = select(commands).where(commands.c.id.in_(set(ids))).order_by(commands.c.id)
    return [record_of(row) for row in connection.execute(query)]
