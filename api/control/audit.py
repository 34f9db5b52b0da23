"""The audit of commands: a record per command, written in the transaction of the change that it causes."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, Row, insert, select, update

from api.control.acknowledgement import CommandOutcome, command_outcome, outcome_reason
from api.control.audited_actions import (
    AuditedAction,
    InstructionAction,
    LinkAction,
    audited_action,
)
from api.control.state import ControlState
from api.control.transitions import Action
from api.pages import Listed, Page
from api.storage.database import page_of
from api.storage.tables import commands

_MAX_NAME_CHARS = 256


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Who gave a command, and from which address."""

    who: str
    source: str


@dataclass(frozen=True, kw_only=True)
class CommandRequest:
    """A command before the server accepts or refuses it; time in ms since the Unix epoch."""

    action: Action
    issuer: Issuer
    release: bool = False
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class CommandRecord:
    """One command in the audit; times in ms since the Unix epoch."""

    id: int
    run_id: str
    command_id: int
    action: AuditedAction
    release: bool
    who: str
    source: str
    at_ms: int
    outcome: CommandOutcome
    outcome_ms: int | None
    message: str
    name: str | None = None
    """Of an instruction alone, as all that follows."""
    arguments: str | None = None
    """JSON."""
    step: int | None = None
    taken_by: str | None = None
    """The program that carries it out."""
    taken_ms: int | None = None


def add_record(
    connection: Connection,
    state: ControlState,
    request: CommandRequest,
    outcome: CommandOutcome,
    message: str = "",
) -> int:
    """Add a record with the outcome so far; returns its id."""
    return insert_record(
        connection,
        state,
        request.issuer,
        action=request.action,
        release=request.release,
        at_ms=request.at_ms,
        outcome=outcome,
        outcome_ms=None if outcome is CommandOutcome.PENDING else request.at_ms,
        message=message,
    )


def add_takeover(connection: Connection, state: ControlState, issuer: Issuer, now_ms: int) -> None:
    """Record that another program has taken over the run's control link."""
    insert_record(
        connection,
        state,
        issuer,
        action=LinkAction.TAKEOVER,
        release=False,
        at_ms=now_ms,
        outcome=CommandOutcome.DONE,
        outcome_ms=now_ms,
        message=state.message,
    )


def insert_record(
    connection: Connection, state: ControlState, issuer: Issuer, **values: object
) -> int:
    """Add a record with `values` in its other columns; returns its id."""
    result = connection.execute(
        insert(commands).values(
            run_id=state.run_id,
            command_id=state.command_id,
            who=issuer.who[:_MAX_NAME_CHARS],
            source=issuer.source[:_MAX_NAME_CHARS],
            **values,
        )
    )
    return cast(tuple[int], result.inserted_primary_key)[0]


def settle(connection: Connection, state: ControlState, now_ms: int) -> None:
    """Record the outcome of each pending command of the run, save instructions, that `state` decides."""
    pending = select(commands).where(
        commands.c.run_id == state.run_id,
        commands.c.outcome == CommandOutcome.PENDING,
        commands.c.action != InstructionAction.INSTRUCT,
    )
    for row in connection.execute(pending).all():
        outcome = command_outcome(state, Action(row.action), row.command_id)
        if outcome is not CommandOutcome.PENDING:
            values = {
                "outcome": outcome,
                "outcome_ms": now_ms,
                "message": outcome_reason(state, outcome),
            }
            connection.execute(update(commands).where(commands.c.id == row.id).values(values))


def find_record(connection: Connection, record_id: int) -> CommandRecord:
    return record_of(connection.execute(select(commands).where(commands.c.id == record_id)).one())


def newest_records(
    connection: Connection, run_id: str, page: Page, *, action: AuditedAction | None = None
) -> Listed[CommandRecord]:
    """The records of all actions, or of one."""
    of_run = select(commands).where(commands.c.run_id == run_id).order_by(commands.c.id.desc())
    wanted = of_run if action is None else of_run.where(commands.c.action == action)
    return page_of(connection, wanted, page, record_of)


def record_of(row: Row[tuple[object, ...]]) -> CommandRecord:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return CommandRecord(
        **{**fields, "action": audited_action(row.action), "outcome": CommandOutcome(row.outcome)}
    )
