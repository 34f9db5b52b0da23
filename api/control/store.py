"""Keeps what is wanted of runs, and the record of who commanded it, in the database."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.control.audit import (
    CommandRecord,
    CommandRequest,
    add_line,
    find_line,
    newest_lines,
    settle,
)
from api.control.outcomes import Outcome, outcome
from api.control.state import SILENT, SILENT_AFTER_MS, ControlState
from api.control.transitions import LIVE
from api.errors import NotFoundError
from api.pages import Listed, Page
from api.storage.database import Database
from api.storage.tables import commands, runs
from tracking_plugin.control_messages import Desired
from tracking_plugin.names import RunStatus

Decide = Callable[[ControlState], ControlState]


class NothingWantedError(NotFoundError):
    """Nothing was ever commanded of the run, and it has never listened."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"Nothing is known here of what the run {run_id} is to do")


@dataclass(frozen=True)
class Change:
    """A run's state on both sides of a transaction; `line_id` is that of the audit, for a command."""

    before: ControlState
    after: ControlState
    line_id: int | None = None

    @property
    def is_news(self) -> bool:
        return self.after.differs_from(self.before)

    @property
    def is_to_be_shown(self) -> bool:
        """Whether MLflow's users are to see it."""
        before, after = self.before, self.after
        return before.status is not after.status or before.message != after.message


class ControlStore:
    """Blocking; each change is one transaction that nobody else's comes between, with its audit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, run_id: str) -> ControlState | None:
        with self._database.read() as connection:
            return _find(connection, run_id)

    def linked(self) -> list[ControlState]:
        """The live runs that have ever listened."""
        query = select(runs).where(runs.c.has_link, runs.c.status.in_(LIVE))
        with self._database.read() as connection:
            return [_state(row) for row in connection.execute(query)]

    def newly_silent(self, now_ms: int) -> list[ControlState]:
        """Of the runs that are silent, those that do not say so yet."""
        query = select(runs).where(
            runs.c.has_link,
            runs.c.status.in_(LIVE),
            runs.c.heartbeat_ms < now_ms - SILENT_AFTER_MS,
            runs.c.message != SILENT,
        )
        with self._database.read() as connection:
            states = [_state(row) for row in connection.execute(query)]
        return [state for state in states if state.is_silent(now_ms)]

    def change(
        self,
        run_id: str,
        decide: Decide,
        *,
        now_ms: int,
        unknown: ControlState | None = None,
        asked: CommandRequest | None = None,
    ) -> Change:
        """What `decide` makes of the run's state, for a command as `asked`.

        Where there is no state yet, it is made of `unknown`; NothingWantedError without that.
        """
        try:
            return self._change(run_id, decide, now_ms, unknown, asked)
        except IntegrityError:
            # Two have found it unknown at the same moment.
            return self._change(run_id, decide, now_ms, unknown, asked)

    def refuse(self, state: ControlState, asked: CommandRequest, message: str) -> None:
        """Record a command that nothing comes of."""
        with self._database.begin() as connection:
            add_line(connection, state, asked, Outcome.REFUSED, message)

    def outcome(self, line_id: int) -> tuple[CommandRecord, ControlState]:
        """What has come of a command by now, and a state of its run that is no older."""
        with self._database.read() as connection:
            line = find_line(connection, line_id)
            state = _find(connection, line.run_id)
            assert state is not None, "whatever was commanded has a state"
            return line, state

    def was_told_from(self, run_id: str, source: str) -> bool:
        """Whether a command from there is on record."""
        wanted = (commands.c.run_id == run_id) & (commands.c.source == source)
        with self._database.read() as connection:
            return connection.execute(select(commands.c.id).where(wanted)).first() is not None

    def history(self, run_id: str, page: Page) -> Listed[CommandRecord]:
        """The run's commands, newest first."""
        with self._database.read() as connection:
            return newest_lines(connection, run_id, page)

    def _change(
        self,
        run_id: str,
        decide: Decide,
        now_ms: int,
        unknown: ControlState | None,
        asked: CommandRequest | None,
    ) -> Change:
        with self._database.begin() as connection:
            found = _find(connection, run_id, for_update=True)
            before = found or unknown
            if before is None:
                raise NothingWantedError(run_id)
            after = decide(before)
            values = asdict(after)
            if found is None:
                connection.execute(insert(runs).values(**values))
            elif after != before:
                connection.execute(update(runs).where(runs.c.run_id == run_id).values(**values))
            if after.differs_from(before):
                settle(connection, after, now_ms)
            line_id = None
            if asked is not None:
                came = outcome(after, asked.action, after.command_id)
                line_id = add_line(connection, after, asked, came)
            return Change(before, after, line_id)


def _find(connection: Connection, run_id: str, *, for_update: bool = False) -> ControlState | None:
    query = select(runs).where(runs.c.run_id == run_id)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    return None if row is None else _state(row)


def _state(row: Row[tuple[object, ...]]) -> ControlState:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return ControlState(
        **{**fields, "status": RunStatus(row.status), "desired": Desired(row.desired)}
    )
