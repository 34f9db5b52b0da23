"""The record of who commanded what, and what came of it: lines in the transaction of the change they are about."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, Row, insert, select, update

from api.control.outcomes import Outcome, outcome, reason
from api.control.state import ControlState
from api.control.transitions import Action
from api.pages import Listed, Page
from api.storage.database import page_of
from api.storage.tables import commands

_LONGEST_NAME = 256


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Who commands, and from where."""

    who: str
    source: str


@dataclass(frozen=True, kw_only=True)
class CommandRequest:
    """A command as it was given; time in ms since the Unix epoch."""

    action: Action
    issuer: Issuer
    release: bool = False
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class CommandRecord:
    """One line of the audit; times in ms since the Unix epoch."""

    id: int
    run_id: str
    command_id: int
    action: Action
    release: bool
    who: str
    source: str
    at_ms: int
    outcome: Outcome
    outcome_ms: int | None
    message: str


def add_line(
    connection: Connection,
    state: ControlState,
    asked: CommandRequest,
    came: Outcome,
    message: str = "",
) -> int:
    """The number of the new line, which says what came of the command at once."""
    result = connection.execute(
        insert(commands).values(
            run_id=state.run_id,
            command_id=state.command_id,
            action=asked.action,
            release=asked.release,
            who=asked.issuer.who[:_LONGEST_NAME],
            source=asked.issuer.source[:_LONGEST_NAME],
            at_ms=asked.at_ms,
            outcome=came,
            outcome_ms=None if came is Outcome.PENDING else asked.at_ms,
            message=message,
        )
    )
    return cast(tuple[int], result.inserted_primary_key)[0]


def settle(connection: Connection, state: ControlState, now_ms: int) -> None:
    """Say what came of each of the run's commands that waited for this state."""
    waiting = (commands.c.run_id == state.run_id) & (commands.c.outcome == Outcome.PENDING)
    for row in connection.execute(select(commands).where(waiting)).all():
        came = outcome(state, Action(row.action), row.command_id)
        if came is not Outcome.PENDING:
            said = {"outcome": came, "outcome_ms": now_ms, "message": reason(state, came)}
            connection.execute(update(commands).where(commands.c.id == row.id).values(said))


def find_line(connection: Connection, line_id: int) -> CommandRecord:
    return _record(connection.execute(select(commands).where(commands.c.id == line_id)).one())


def newest_lines(connection: Connection, run_id: str, page: Page) -> Listed[CommandRecord]:
    wanted = select(commands).where(commands.c.run_id == run_id).order_by(commands.c.id.desc())
    return page_of(connection, wanted, page, _record)


def _record(row: Row[tuple[object, ...]]) -> CommandRecord:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return CommandRecord(
        **{**fields, "action": Action(row.action), "outcome": Outcome(row.outcome)}
    )
