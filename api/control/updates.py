"""Applies a decision to a run's stored state, then announces the change and writes it to MLflow's tags."""

from collections.abc import Callable
from functools import partial

from api.control.audit import CommandRequest, Issuer
from api.control.changes import StateChanges
from api.control.instructions import InstructionOrder
from api.control.state import STATUS_OF, ControlState, deleted, ended
from api.control.status_tags import StatusTagWriter
from api.control.store import (
    Change,
    ClaimLink,
    ControlStore,
    Decide,
    DecideByOpenInstructions,
    UnknownStateError,
)
from api.runs.run_over import RunEnd
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.control_messages import Report


class StateUpdates:
    """The only writer of control states. Raises UnavailableError while the database is unreachable."""

    def __init__(
        self,
        store: ControlStore,
        changes: StateChanges,
        tags: StatusTagWriter,
        *,
        obey_timeout_ms: int,
    ) -> None:
        self._obey_timeout_ms = obey_timeout_ms
        self._store = store
        self._changes = changes
        self._tags = tags

    async def apply(
        self,
        run_id: str,
        decide: Decide,
        *,
        initial: ControlState | None = None,
        request: CommandRequest | None = None,
    ) -> Change:
        """See ControlStore.change for the parameters."""
        return await self._stored_and_shown(
            run_id,
            partial(
                self._store.change,
                *(run_id, decide),
                now_ms=unix_ms(),
                initial=initial,
                request=request,
            ),
        )

    async def claim_link(
        self, run_id: str, claim: ClaimLink, issuer: Issuer, *, initial: ControlState
    ) -> Change:
        """See ControlStore.claim_link."""
        store = partial(
            self._store.claim_link,
            *(run_id, claim, issuer),
            now_ms=unix_ms(),
            initial=initial,
        )
        return await self._stored_and_shown(run_id, store)

    async def report(self, run_id: str, report: Report, decide: Decide) -> Change:
        """See ControlStore.report."""
        store = partial(self._store.report, *(run_id, report, decide), now_ms=unix_ms())
        return await self._stored_and_shown(run_id, store)

    async def instruct(
        self,
        run_id: str,
        order: InstructionOrder,
        decide: DecideByOpenInstructions,
        *,
        initial: ControlState,
    ) -> Change:
        """See ControlStore.instruct."""
        store = partial(self._store.instruct, *(run_id, order, decide), initial=initial)
        return await self._stored_and_shown(run_id, store)

    async def _stored_and_shown(self, run_id: str, store: Callable[[], Change]) -> Change:
        with self._changes.in_progress(run_id):
            change = await in_database(store)
            if change.is_announced:
                self._changes.announce(run_id)
            for instruction in change.instructions:
                self._changes.send_to_sockets(instruction, change.after.workspace)
            if change.is_shown:
                await self._tags.write(change.after)
            return change

    async def apply_end(self, run_id: str, how: RunEnd, message: str = "") -> None:
        """End the state of a run that is over. A run without a state needs none."""
        deadline_ms = unix_ms() + self._obey_timeout_ms

        def end(state: ControlState) -> ControlState:
            if how is RunEnd.DELETED:
                return deleted(state, deadline_ms)
            return ended(state, STATUS_OF[how], message)

        try:
            await self.apply(run_id, end)
        except UnknownStateError:
            return
