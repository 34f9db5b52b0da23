"""Applies a decision to a run's stored state, then announces the change and writes it to MLflow's tags."""

from functools import partial

from api.control.audit import CommandRequest
from api.control.changes import StateChanges
from api.control.state import ControlState, ended
from api.control.status_tags import StatusTagWriter
from api.control.store import Change, ControlStore, Decide, UnknownStateError
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.names import RunStatus


class StateUpdates:
    """The only writer of control states. Raises UnavailableError while the database is unreachable."""

    def __init__(self, store: ControlStore, changes: StateChanges, tags: StatusTagWriter) -> None:
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
        with self._changes.in_progress(run_id):
            change = await in_database(
                partial(
                    self._store.change,
                    *(run_id, decide),
                    now_ms=unix_ms(),
                    initial=initial,
                    request=request,
                )
            )
            if change.is_announced:
                self._changes.announce(run_id)
            if change.is_shown:
                await self._tags.write(change.after)
            return change

    async def apply_end(self, run_id: str, status: RunStatus, message: str = "") -> None:
        """End the state of a run that has ended in MLflow. A run without a state needs none."""
        try:
            await self.apply(run_id, lambda state: ended(state, status, message))
        except UnknownStateError:
            return
