"""Writes a run's status to its tags, where the users of MLflow see it."""

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
    """Several processes may write at the same time; the tags end up as the stored state says."""

    def __init__(self, store: ControlStore, writer: RunWriter) -> None:
        self._store = store
        self._writer = writer

    async def write(self, state: ControlState) -> None:
        """Write, and repeat until the stored state is the one written: the last writer is right."""
        try:
            while True:
                await self._writer.set_tags(state.run_id, state.workspace, _tags(state))
                now = await in_database(partial(self._store.find, state.run_id))
                if now is None or _tags(now) == _tags(state):
                    return
                state = now
        except (MlflowException, ApiError) as error:
            logger.warning("The status of a run was not written (%s)", type(error).__name__)


def _tags(state: ControlState) -> dict[str, str]:
    """The tags of `state`; the message of a run that has ended stays as it is."""
    message = {str(Tag.MESSAGE): state.message} if state.is_live else {}
    return {str(Tag.STATUS): str(state.status), **message}
