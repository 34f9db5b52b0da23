"""Turns the deletion of an experiment, or its restoration, into an event for each of its runs."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from api.errors import ApiError
from api.runs.reader import RunReader
from api.runs.workspaces import within
from api.storage.database import in_database
from tracking_plugin.events import ExperimentChanged, RunDeleted, RunEvent, RunRestored

logger = logging.getLogger(__name__)

RUNS_PER_TURN = 100


class ExperimentEvents:
    """MLflow deletes the runs of an experiment with it, in one request that names none of them."""

    def __init__(self, publish: Callable[[RunEvent], None], reader: RunReader) -> None:
        self._publish = publish
        self._reader = reader
        self._tasks: set[asyncio.Task[None]] = set()
        # An experiment that is restored soon after its deletion must not end as a deleted one.
        self._in_order = asyncio.Lock()

    def on_change(self, change: ExperimentChanged) -> None:
        """Returns at once; the events of the runs follow."""
        task = asyncio.create_task(self.publish_runs(change))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def publish_runs(self, change: ExperimentChanged) -> None:
        """Publish the event of each run of the experiment, after those of earlier changes."""
        async with self._in_order:
            await self._publish_runs(change)

    async def _publish_runs(self, change: ExperimentChanged) -> None:
        try:
            run_ids = await in_database(partial(self._read, change))
        except Exception as error:
            # Each part that holds state for these runs finds their end in the store at its next sweep.
            level = logging.WARNING if isinstance(error, ApiError) else logging.ERROR
            logger.log(level, "The runs of an experiment could not be read", exc_info=error)
            return
        event_type = RunDeleted if change.is_deleted else RunRestored
        for number, run_id in enumerate(run_ids, 1):
            self._publish(
                event_type(
                    run_id=run_id, accepted_ms=change.accepted_ms, workspace=change.workspace
                )
            )
            if number % RUNS_PER_TURN == 0:
                await asyncio.sleep(0)

    def _read(self, change: ExperimentChanged) -> list[str]:
        with within(change.workspace):
            return self._reader.of_experiment(change.experiment_id)
