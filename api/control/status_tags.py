"""Shows a run's status where MLflow's users look: as its tags."""

import logging
from functools import partial

from mlflow.exceptions import MlflowException

from api.control.state import ControlState
from api.control.store import ControlStore
from api.errors import ApiError
from api.runs.writer import RunWriter
from api.storage.database import in_database
from tracking_plugin.names import Tag

logger = logging.getLogger(__name__)


class StatusTagWriter:
    """What is shown in the end is what is stored, whoever else writes at the same time."""

    def __init__(self, store: ControlStore, writer: RunWriter) -> None:
        self._store = store
        self._writer = writer

    async def show(self, state: ControlState) -> None:
        """Whoever has written last looks again: of all that write at once, one finds it right."""
        try:
            while True:
                await self._writer.set_tags(state.run_id, state.workspace, _tags(state))
                now = await in_database(partial(self._store.find, state.run_id))
                if now is None or _tags(now) == _tags(state):
                    return
                state = now
        except (MlflowException, ApiError) as error:
            logger.warning("A run's status could not be shown (%s)", type(error).__name__)


def _tags(state: ControlState) -> dict[str, str]:
    """What a run has said last, it goes on saying once it has ended."""
    message = {str(Tag.MESSAGE): state.message} if state.is_live else {}
    return {str(Tag.STATUS): str(state.status), **message}
