"""Reads the facts in MLflow about a run, and brings its control state in line with them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from api.control.mlflow_run import JobTraits, MlflowRunSnapshot, OutdatedSnapshotError
from api.control.state import ControlState
from api.control.store import ControlStore
from api.errors import UnavailableError
from api.runs.reader import RunReader
from api.runs.workspaces import within
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.events import RunEvent

_ATTEMPTS = 5

T = TypeVar("T")


class MlflowSync:
    """`find_job` returns the traits of a run that is a job of this server."""

    def __init__(
        self,
        store: ControlStore,
        reader: RunReader,
        publish: Callable[[RunEvent], None],
        find_job: Callable[[str], JobTraits | None],
        *,
        obey_timeout_ms: int,
    ) -> None:
        self._store = store
        self._reader = reader
        self._publish = publish
        self._find_job = find_job
        self._obey_timeout_ms = obey_timeout_ms

    async def snapshot(self, run_id: str, workspace: str | None) -> MlflowRunSnapshot:
        """Raises NotFoundError for a run that MLflow does not have."""

        def read() -> MlflowRunSnapshot:
            # Read before MLflow: see MlflowRunSnapshot.sync.
            stored = self._store.find(run_id)
            with within(workspace):
                run = self._reader.state(run_id, recent_steps=0)
            job = self._find_job(run_id)
            was_live = stored is not None and stored.is_live
            return MlflowRunSnapshot.of(run, workspace, job=job, was_live=was_live)

        snapshot = await in_database(read)
        if snapshot.over is not None:
            # Once the stored state has ended, too, no sweep finds this end and tells the sockets.
            self._publish(snapshot.over.announcement(unix_ms()))
        return snapshot

    def synced(self, run: MlflowRunSnapshot, state: ControlState) -> ControlState:
        """Raises OutdatedSnapshotError: `with_snapshot` then calls its caller again."""
        return run.sync(state, unix_ms() + self._obey_timeout_ms)

    async def with_snapshot(
        self,
        run_id: str,
        workspace: str | None,
        act: Callable[[MlflowRunSnapshot], Awaitable[T]],
    ) -> T:
        """What `act` returns for a snapshot that is read anew while it is outdated."""
        for _ in range(_ATTEMPTS):
            try:
                return await act(await self.snapshot(run_id, workspace))
            except OutdatedSnapshotError:
                continue
        raise UnavailableError(f"The run {run_id} ends and starts again all the time: try again")
