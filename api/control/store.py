"""Keeps the control state of runs, and the audit of commands, in the database."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.control.acknowledgement import CommandOutcome, command_outcome
from api.control.audit import (
    CommandRecord,
    CommandRequest,
    Issuer,
    add_record,
    add_takeover,
    find_record,
    newest_records,
    settle,
)
from api.control.audited_actions import AuditedAction
from api.control.instructions import (
    InstructionOrder,
    add_instruction,
    apply_report,
    num_open,
    open_for,
    settle_instructions,
)
from api.control.link_claim import LinkClaim
from api.control.silence import CONTROLLED_LIMIT_MS, SILENT_MESSAGE
from api.control.state import ControlState
from api.control.transitions import LIVE
from api.errors import NotFoundError
from api.pages import Listed, Page
from api.runs.run_over import HeldRun
from api.storage.database import Database
from api.storage.tables import commands, runs
from tracking_plugin.control_messages import Desired, Instruction, Report
from tracking_plugin.names import RunStatus

Decide = Callable[[ControlState], ControlState]
DecideInTransaction = Callable[[ControlState, Connection], ControlState]
DecideByOpenInstructions = Callable[[ControlState, int], ControlState]
ClaimLink = Callable[[ControlState], LinkClaim]


class UnknownStateError(NotFoundError):
    """No state is stored: the run got no command, and its program opened no control link."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"The run {run_id} was never controlled by this server")


@dataclass(frozen=True)
class Change:
    """A run's state before and after a transaction; `record_id` is that of a command's audit record."""

    before: ControlState
    after: ControlState
    record_id: int | None = None
    instructions: tuple[CommandRecord, ...] = ()
    """The instructions that were stored, taken, answered or ended."""

    @property
    def is_announced(self) -> bool:
        """Whether those that wait for changes are notified."""
        return bool(self.instructions) or self.after.differs_from(self.before)

    @property
    def is_shown(self) -> bool:
        """Whether the run's tags in MLflow must change."""
        before, after = self.before, self.after
        return before.status is not after.status or before.message != after.message


class ControlStore:
    """Blocking. Each change is one isolated transaction that includes the audit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, run_id: str) -> ControlState | None:
        with self._database.read() as connection:
            return _find(connection, run_id)

    def linked(self) -> list[ControlState]:
        """The live runs that have ever had a control link."""
        query = select(runs).where(runs.c.has_link, runs.c.status.in_(LIVE))
        with self._database.read() as connection:
            return [_state(row) for row in connection.execute(query)]

    def live(self) -> list[HeldRun]:
        """The runs that have not ended."""
        query = select(runs.c.run_id, runs.c.workspace).where(runs.c.status.in_(LIVE))
        with self._database.read() as connection:
            return [
                HeldRun(run_id=row.run_id, workspace=row.workspace)
                for row in connection.execute(query)
            ]

    def newly_silent(self, now_ms: int) -> list[ControlState]:
        """The silent runs that are not marked as silent yet."""
        query = select(runs).where(
            runs.c.has_link,
            runs.c.status.in_(LIVE),
            runs.c.heartbeat_ms < now_ms - CONTROLLED_LIMIT_MS,
            runs.c.message != SILENT_MESSAGE,
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
        initial: ControlState | None = None,
        request: CommandRequest | None = None,
    ) -> Change:
        """Store the state that `decide` returns, with a record of `request` if it is a command.

        A run without a stored state starts from `initial`. Raises UnknownStateError without that.
        """
        return self._attempted_twice(
            run_id, lambda state, _: decide(state), now_ms, initial, request
        )

    def claim_link(
        self, run_id: str, claim: ClaimLink, issuer: Issuer, *, now_ms: int, initial: ControlState
    ) -> Change:
        """Store the state of the link that `claim` grants; a takeover with a record of it.

        Raises LinkHeldError, and stores nothing, if it is not granted.
        """

        def decide(state: ControlState, connection: Connection) -> ControlState:
            granted = claim(state)
            if granted.is_takeover:
                add_takeover(connection, granted.state, issuer, now_ms)
            return granted.state

        return self._attempted_twice(run_id, decide, now_ms, initial, None)

    def report(self, run_id: str, report: Report, decide: Decide, *, now_ms: int) -> Change:
        """Store the state that `decide` returns, and what the report says of instructions.

        Raises UnknownStateError without a stored state.
        """
        told: list[CommandRecord] = []

        def decide_and_tell(state: ControlState, connection: Connection) -> ControlState:
            after = decide(state)
            told[:] = apply_report(connection, run_id, report, now_ms)
            return after

        change = self._attempted_twice(run_id, decide_and_tell, now_ms, None, None)
        return replace(change, instructions=(*told, *change.instructions))

    def instruct(
        self,
        run_id: str,
        order: InstructionOrder,
        decide: DecideByOpenInstructions,
        *,
        initial: ControlState,
    ) -> Change:
        """Store an instruction, if `decide` raises no refusal, given how many are open."""
        added: list[CommandRecord] = []

        def decide_and_add(state: ControlState, connection: Connection) -> ControlState:
            after = decide(state, num_open(connection, run_id))
            added[:] = [add_instruction(connection, after, order)]
            return after

        change = self._attempted_twice(run_id, decide_and_add, order.at_ms, initial, None)
        return replace(change, record_id=added[0].id, instructions=(*added, *change.instructions))

    def refuse_instruction(
        self, state: ControlState, order: InstructionOrder, message: str
    ) -> CommandRecord:
        """Record an instruction that was refused."""
        with self._database.begin() as connection:
            return add_instruction(connection, state, order, refusal=message)

    def open_instructions(self, run_id: str, program: str) -> list[Instruction]:
        """The open instructions that the program may carry out or has taken, oldest first."""
        with self._database.read() as connection:
            return open_for(connection, run_id, program)

    def refuse(self, state: ControlState, request: CommandRequest, message: str) -> None:
        """Record a command that was refused."""
        with self._database.begin() as connection:
            add_record(connection, state, request, CommandOutcome.REFUSED, message)

    def outcome(self, record_id: int) -> tuple[CommandRecord, ControlState]:
        """The record of a command, and the state of its run in the same transaction."""
        with self._database.read() as connection:
            record = find_record(connection, record_id)
            state = _find(connection, record.run_id)
            assert state is not None, "a run with a command has a state"
            return record, state

    def was_commanded_from(self, run_id: str, source: str) -> bool:
        """Whether a command from `source` is on record."""
        is_from_source = (commands.c.run_id == run_id) & (commands.c.source == source)
        with self._database.read() as connection:
            found = connection.execute(select(commands.c.id).where(is_from_source)).first()
        return found is not None

    def history(
        self, run_id: str, page: Page, *, action: AuditedAction | None = None
    ) -> Listed[CommandRecord]:
        """The run's commands of all kinds, or of one; newest first."""
        with self._database.read() as connection:
            return newest_records(connection, run_id, page, action=action)

    def _attempted_twice(
        self,
        run_id: str,
        decide: DecideInTransaction,
        now_ms: int,
        initial: ControlState | None,
        request: CommandRequest | None,
    ) -> Change:
        try:
            return self._change(run_id, decide, now_ms, initial, request)
        except IntegrityError:
            # Another process has inserted the first state of the run at the same moment.
            return self._change(run_id, decide, now_ms, initial, request)

    def _change(
        self,
        run_id: str,
        decide: DecideInTransaction,
        now_ms: int,
        initial: ControlState | None,
        request: CommandRequest | None,
    ) -> Change:
        with self._database.begin() as connection:
            found = _find(connection, run_id, for_update=True)
            before = found or initial
            if before is None:
                raise UnknownStateError(run_id)
            after = decide(before, connection)
            values = asdict(after)
            if found is None:
                connection.execute(insert(runs).values(**values))
            elif after != before:
                connection.execute(update(runs).where(runs.c.run_id == run_id).values(**values))
            ended: list[CommandRecord] = []
            if after.differs_from(before):
                settle(connection, after, now_ms)
                ended = settle_instructions(connection, before, after, now_ms)
            record_id = None
            if request is not None:
                outcome = command_outcome(after, request.action, after.command_id)
                record_id = add_record(connection, after, request, outcome)
            return Change(before, after, record_id, tuple(ended))


def _find(connection: Connection, run_id: str, *, for_update: bool = False) -> ControlState | None:
    query = select(runs).where(runs.c.run_id == run_id)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    return None if row is None else _state(row)


def _state(row: Row[tuple[object, ...]]) -> ControlState:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return ControlState(
        **{**fields, "status": RunStatus(row.status), "desired": Desired(row.desired)}
    )
