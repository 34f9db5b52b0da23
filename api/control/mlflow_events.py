"""Follows the bus for control changes by other processes, and for ends and status tags that others write to MLflow."""

from functools import partial

from api.control.changes import StateChanges
from api.control.status_tags import StatusTagWriter
from api.control.store import ControlStore
from api.control.transitions import LIVE
from api.control.updates import StateUpdates
from api.storage.database import in_database
from tracking_plugin.events import ControlChanged, RunEvent, RunUpdated, TagsChanged
from tracking_plugin.mlflow_status import ACTIVE_STATUSES, run_status_of
from tracking_plugin.names import RunStatus, Tag

_COMMANDED = (RunStatus.PAUSING, RunStatus.PAUSED, RunStatus.RESUMING, RunStatus.STOPPING)


class MlflowEvents:
    def __init__(
        self,
        store: ControlStore,
        changes: StateChanges,
        updates: StateUpdates,
        tags: StatusTagWriter,
    ) -> None:
        self._store = store
        self._changes = changes
        self._updates = updates
        self._tags = tags

    async def on_event(self, event: RunEvent) -> None:
        if isinstance(event, ControlChanged):
            self._changes.notify(event.run_id)
        elif isinstance(event, RunUpdated) and event.status not in (None, *ACTIVE_STATUSES):
            await self._updates.apply_end(event.run_id, run_status_of(event.status))
        elif isinstance(event, TagsChanged) and (tagged := event.tags.get(Tag.STATUS)):
            await self._correct_tag(event.run_id, tagged)

    async def _correct_tag(self, run_id: str, tagged: str) -> None:
        """Restore the status of a commanded run whose program has written an outdated one."""
        state = await in_database(partial(self._store.find, run_id))
        is_outdated = state is not None and tagged in LIVE and tagged != state.status
        if state is not None and is_outdated and state.status in _COMMANDED:
            await self._tags.write(state)
