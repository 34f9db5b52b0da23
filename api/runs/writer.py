"""Writes to MLflow's runs on behalf of the server, then publishes the event of each write."""

import asyncio
import posixpath
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from mlflow.entities import LifecycleStage, Metric, RunTag
from mlflow.entities import RunStatus as MlflowRunStatus
from mlflow.exceptions import MlflowException
from mlflow.server.handlers import _get_tracking_store
from mlflow.store.tracking.abstract_store import AbstractStore

from api.errors import ConflictError, UnavailableError
from api.runs.artifacts import artifact_location
from api.runs.workspaces import within
from api.timestamps import unix_ms
from tracking_plugin.events import (
    ArtifactLogged,
    LoggedPoint,
    MetricsLogged,
    RunCreated,
    RunEvent,
    RunUpdated,
    TagsChanged,
)
from tracking_plugin.mlflow_status import MlflowStatus

T = TypeVar("T")

WRITE_DEADLINE_S = 30.0
MOST_METRICS = 1000
"""MLflow accepts as many in one batch."""

LONGEST_TAG = 4000
"""Characters that the stores of every MLflow version accept."""


class RunWriter:
    """Calls `publish` with the event of each write, in the order of the writes."""

    def __init__(
        self,
        publish: Callable[[RunEvent], None],
        store: Callable[[], AbstractStore] = _get_tracking_store,
    ) -> None:
        self._publish = publish
        self._store = store

    async def set_tags(self, run_id: str, workspace: str | None, tags: Mapping[str, str]) -> None:
        stored = _truncated(tags)

        def write(store: AbstractStore) -> None:
            store.log_batch(run_id, [], [], [RunTag(*tag) for tag in stored.items()])

        await self._in_store(workspace, write)
        self._publish(
            TagsChanged(run_id=run_id, accepted_ms=unix_ms(), workspace=workspace, tags={**stored})
        )

    async def delete_tag(self, run_id: str, workspace: str | None, key: str) -> None:
        """Does nothing if the run does not have the tag."""

        def write(store: AbstractStore) -> bool:
            is_there = key in store.get_run(run_id).data.tags
            if is_there:
                store.delete_tag(run_id, key)  # type: ignore[attr-defined]
            return is_there

        if await self._in_store(workspace, write):
            self._publish(
                TagsChanged(
                    run_id=run_id, accepted_ms=unix_ms(), workspace=workspace, tags={key: None}
                )
            )

    async def log_metrics(
        self, run_id: str, workspace: str | None, values: Mapping[str, float], step: int
    ) -> None:
        """Log one value of each metric at `step`. Raises MlflowException if the run is deleted."""
        now_ms = unix_ms()
        points = [LoggedPoint(name, value, step, now_ms) for name, value in values.items()]

        def write(store: AbstractStore) -> None:
            for first in range(0, len(points), MOST_METRICS):
                part = points[first : first + MOST_METRICS]
                metrics = [Metric(it.name, it.value, it.timestamp_ms, it.step) for it in part]
                store.log_batch(run_id, metrics, [], [])

        await self._in_store(workspace, write)
        self._publish(
            MetricsLogged(run_id=run_id, accepted_ms=unix_ms(), workspace=workspace, points=points)
        )

    async def set_status(self, run_id: str, workspace: str | None, status: str) -> None:
        """Set MLflow's status; a status that ends the run sets its end time to now."""
        is_end = MlflowRunStatus.is_terminated(MlflowRunStatus.from_string(status))
        end_ms = unix_ms() if is_end else None

        def write(store: AbstractStore) -> None:
            store.update_run_info(run_id, MlflowRunStatus.from_string(status), end_ms, None)

        await self._in_store(workspace, write)
        self._publish(
            RunUpdated(
                run_id=run_id,
                accepted_ms=unix_ms(),
                workspace=workspace,
                status=status,
                end_time_ms=end_ms,
            )
        )

    async def store_artifact(
        self, run_id: str, workspace: str | None, path: Path, artifact_path: str
    ) -> None:
        """Store the file at `path` as the run's artifact `artifact_path`."""
        folder, name = posixpath.split(artifact_path)

        def write(store: AbstractStore) -> None:
            run = store.get_run(run_id)
            with tempfile.TemporaryDirectory(prefix="fovea-artifact-") as scratch:
                named = Path(scratch) / name
                named.symlink_to(path.absolute())
                repository, place = artifact_location(run.info.artifact_uri, folder)
                repository.log_artifact(str(named), place or None)

        await self._in_store(workspace, write)
        self._publish(
            ArtifactLogged(
                run_id=run_id, accepted_ms=unix_ms(), workspace=workspace, path=artifact_path
            )
        )

    async def create(
        self,
        workspace: str | None,
        *,
        experiment: str = "",
        experiment_id: str | None = None,
        run_name: str,
        tags: Mapping[str, str],
    ) -> str:
        """Creates a SCHEDULED run and returns its id.

        The experiment is the one with `experiment_id`, else the one named `experiment`, which is
        created if it does not exist.
        """
        stored = _truncated(tags)
        started_ms = unix_ms()

        def write(store: AbstractStore) -> RunCreated:
            run = store.create_run(
                experiment_id=experiment_id or experiment_id_of(store, experiment),
                user_id="",
                start_time=started_ms,
                tags=[RunTag(*tag) for tag in stored.items()],
                run_name=run_name,
            )
            info = store.update_run_info(run.info.run_id, MlflowRunStatus.SCHEDULED, None, None)
            return RunCreated(
                run_id=info.run_id,
                accepted_ms=unix_ms(),
                workspace=workspace,
                experiment_id=info.experiment_id,
                run_name=info.run_name,
                status=MlflowStatus.SCHEDULED,
                start_time_ms=started_ms,
                tags=stored,
            )

        created = await self._in_store(workspace, write)
        self._publish(created)
        return created.run_id

    async def _in_store(self, workspace: str | None, write: Callable[[AbstractStore], T]) -> T:
        def within_workspace() -> T:
            with within(workspace):
                return write(self._store())

        try:
            async with asyncio.timeout(WRITE_DEADLINE_S):
                return await asyncio.to_thread(within_workspace)
        except TimeoutError:
            raise UnavailableError("MLflow's store does not respond: try again later") from None


def _truncated(tags: Mapping[str, str]) -> dict[str, str]:
    return {str(key): str(value)[:LONGEST_TAG] for key, value in tags.items()}


def experiment_id_of(store: AbstractStore, name: str) -> str:
    """The id of the experiment, which is created if it does not exist."""
    found = store.get_experiment_by_name(name)
    if found is not None and found.lifecycle_stage != LifecycleStage.ACTIVE:
        raise ConflictError(f"The experiment {name!r} is deleted: restore it, or name another")
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(store.create_experiment(name, None, []))
    except MlflowException:
        # Another client has created it in the meantime.
        found = store.get_experiment_by_name(name)
        if found is None:
            raise
        return str(found.experiment_id)
