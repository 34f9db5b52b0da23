"""One-time commands to runs: accepts or refuses them, lists them, and waits for their answers."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial

from api.control.acknowledgement import CommandOutcome
from api.control.audit import CommandRecord, Issuer
from api.control.audited_actions import InstructionAction
from api.control.changes import StateChanges
from api.control.instruction_refusals import (
    MalformedArgumentsError,
    names_taken,
    require_accepted,
)
from api.control.instruction_schemas import Argument, UnderstoodCommands, encode_arguments
from api.control.instructions import InstructionOrder
from api.control.mlflow_run import MlflowRunSnapshot
from api.control.mlflow_sync import MlflowSync
from api.control.state import ControlState
from api.control.store import ControlStore
from api.control.updates import StateUpdates
from api.errors import ConflictError
from api.pages import Listed, Page
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.control_messages import Instruction
from tracking_plugin.instruction_names import ArgumentsError, check_arguments


class InstructionService:
    """Its methods raise UnavailableError and NotFoundError as those of ControlService do."""

    def __init__(
        self,
        store: ControlStore,
        changes: StateChanges,
        updates: StateUpdates,
        mlflow: MlflowSync,
    ) -> None:
        self._store = store
        self._changes = changes
        self._updates = updates
        self._mlflow = mlflow

    async def instruct(
        self,
        run_id: str,
        workspace: str | None,
        name: str,
        arguments: Mapping[str, Argument],
        issuer: Issuer,
    ) -> int:
        """Store an instruction and notify the run; returns the id of its record in the audit.

        Raises MalformedArgumentsError if they do not fit `name`, and ConflictError, which says what
        the run understands, if the run cannot accept it. A conflict is recorded, too.
        """
        try:
            check_arguments(name, arguments)
        except ArgumentsError as error:
            raise MalformedArgumentsError(str(error)) from None
        order = InstructionOrder(
            name=name, arguments=encode_arguments(arguments), issuer=issuer, at_ms=unix_ms()
        )
        return await self._mlflow.with_snapshot(run_id, workspace, partial(self._instruct, order))

    async def _instruct(self, order: InstructionOrder, run: MlflowRunSnapshot) -> int:
        def decide(state: ControlState, num_open: int) -> ControlState:
            current = self._mlflow.synced(run, state)
            require_accepted(current, run, order.name, num_open=num_open)
            return current

        initial = run.initial_state
        try:
            change = await self._updates.instruct(run.run_id, order, decide, initial=initial)
        except ConflictError as refusal:
            await self._record_refusal(run, order, str(refusal))
            raise
        assert change.record_id is not None, "an instruction has a record"
        return change.record_id

    async def wait_answered(
        self, record_id: int, run_id: str, timeout_s: float
    ) -> tuple[CommandRecord, ControlState]:
        """The record once it has an answer, or after `timeout_s`; and the run's state then."""
        deadline = time.monotonic() + timeout_s
        with self._changes.watching(run_id) as changed:
            while True:
                changed.clear()
                record, state = await in_database(partial(self._store.outcome, record_id))
                left_s = deadline - time.monotonic()
                if record.outcome is not CommandOutcome.PENDING or left_s <= 0:
                    return record, state
                await wait_for(changed, left_s)

    async def history(
        self, run_id: str, workspace: str | None, page: Page
    ) -> Listed[CommandRecord]:
        """The instructions to the run, newest first."""
        await self._mlflow.snapshot(run_id, workspace)
        return await in_database(
            partial(self._store.history, run_id, page, action=InstructionAction.INSTRUCT)
        )

    async def understood(self, run_id: str, workspace: str | None) -> UnderstoodCommands:
        """What the run takes now."""
        return await self._mlflow.with_snapshot(run_id, workspace, self._understood)

    async def _understood(self, run: MlflowRunSnapshot) -> UnderstoodCommands:
        stored = await in_database(partial(self._store.find, run.run_id))
        state = self._mlflow.synced(run, stored or run.initial_state)
        try:
            return UnderstoodCommands(names=list(names_taken(state, run)), reason="")
        except ConflictError as refusal:
            return UnderstoodCommands(names=[], reason=str(refusal))

    async def open(self, run_id: str, program: str) -> list[Instruction]:
        """The open instructions that the program may carry out or has taken, oldest first."""
        return await in_database(partial(self._store.open_instructions, run_id, program))

    async def _record_refusal(
        self, run: MlflowRunSnapshot, order: InstructionOrder, message: str
    ) -> None:
        refuse = partial(self._store.refuse_instruction, run.initial_state, order, message)
        self._changes.send_to_sockets(await in_database(refuse), run.workspace)


async def wait_for(event: asyncio.Event, timeout_s: float) -> None:
    """Wait until `event` is set, at most `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
