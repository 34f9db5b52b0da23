"""Creates and deletes the MLflow experiments of projects, with all that is in them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mlflow.entities import (
    Experiment,
    ExperimentTag,
    LifecycleStage,
    LoggedModel,
    Run,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.server.handlers import _get_tracking_store
from mlflow.store.tracking.abstract_store import AbstractStore

from api.runs.artifacts import artifact_location
from api.runs.workspaces import within
from api.timestamps import unix_ms
from tracking_plugin.events import RunDeleted, RunEvent
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.names import Tag

T = TypeVar("T")

_AT_ONCE = 1000


@dataclass(frozen=True)
class DeletedExperiment:
    num_runs: int
    num_models: int
    """Logged models of MLflow, which belong to the experiment."""


class ProjectExperiments:
    """Calls `publish` with the event of each run that it deletes."""

    def __init__(
        self,
        publish: Callable[[RunEvent], None],
        store: Callable[[], AbstractStore] = _get_tracking_store,
    ) -> None:
        self._publish = publish
        self._store = store

    async def create(self, workspace: str | None, name: str, tags: Mapping[str, str]) -> str:
        """The id of a new experiment. If its name is taken, the project's id is added to it."""
        tagged = [ExperimentTag(*tag) for tag in tags.items()]

        def write(store: AbstractStore) -> str:
            try:
                return str(store.create_experiment(name, None, tagged))
            except MlflowException as error:
                if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
                    raise
            unique = f"{name} ({tags[Tag.PROJECT][:8]})"
            return str(store.create_experiment(unique, None, tagged))

        return await self._in_store(workspace, write)

    async def is_active(self, workspace: str | None, experiment_id: str) -> bool:
        """Whether the experiment exists and was not deleted in MLflow."""
        found = await self._in_store(workspace, lambda store: _find(store, experiment_id))
        return found is not None and found.lifecycle_stage == LifecycleStage.ACTIVE

    async def run_ids(self, workspace: str | None, experiment_id: str) -> list[str]:
        """Of all runs of the experiment, deleted or not."""
        runs = await self._in_store(workspace, lambda store: _runs(store, experiment_id))
        return [run.info.run_id for run in runs]

    async def unstarted(self, workspace: str | None, experiment_id: str) -> list[str]:
        """The ids of the runs of pipelines that have not begun."""
        runs = await self._in_store(workspace, lambda store: _runs(store, experiment_id))
        return [
            run.info.run_id
            for run in runs
            if run.info.status == MlflowStatus.SCHEDULED and Tag.PROJECT in run.data.tags
        ]

    async def delete_run(self, workspace: str | None, run_id: str) -> None:
        """As MLflow deletes runs: it can be restored there."""
        await self._in_store(workspace, lambda store: store.delete_run(run_id))
        self._publish(RunDeleted(run_id=run_id, accepted_ms=unix_ms(), workspace=workspace))

    async def delete_empty(self, workspace: str | None, project_id: str) -> None:
        """Delete the experiment that was made for this project, if it has no runs."""

        def read(store: AbstractStore) -> list[str]:
            tagged = f"tags.`{Tag.PROJECT}` = '{project_id}'"
            found = store.search_experiments(ViewType.ALL, 10, filter_string=tagged)
            return [it.experiment_id for it in found if not _runs(store, it.experiment_id)]

        for experiment_id in await self._in_store(workspace, read):
            await self.delete(workspace, experiment_id)

    async def delete(self, workspace: str | None, experiment_id: str) -> DeletedExperiment:
        """Delete the experiment for good, with its runs, models and artifacts. May be repeated."""
        runs = await self._in_store(workspace, lambda store: _runs(store, experiment_id))
        # Announced first: whoever holds state for a run lets go of it.
        for run in runs:
            run_id = run.info.run_id
            self._publish(RunDeleted(run_id=run_id, accepted_ms=unix_ms(), workspace=workspace))
        return await self._in_store(workspace, lambda store: _delete(store, experiment_id, runs))

    async def _in_store(self, workspace: str | None, work: Callable[[AbstractStore], T]) -> T:
        def within_workspace() -> T:
            with within(workspace):
                return work(self._store())

        return await asyncio.to_thread(within_workspace)


def _runs(store: AbstractStore, experiment_id: str) -> list[Run]:
    """Every run of the experiment, deleted or not."""
    found: list[Run] = []
    token = None
    while True:
        page = store.search_runs(
            [experiment_id], "", ViewType.ALL, max_results=_AT_ONCE, page_token=token
        )
        found += list(page)
        if not (token := page.token):
            return found


def _delete(store: AbstractStore, experiment_id: str, runs: list[Run]) -> DeletedExperiment:
    experiment = _find(store, experiment_id)
    if experiment is None:
        return DeletedExperiment(0, 0)
    models = _logged_models(store, experiment_id)
    places = [it.artifact_location for it in models] + [it.info.artifact_uri for it in runs]
    for place in (*places, experiment.artifact_location):
        # Anything else is not below the folder of the experiment.
        if experiment_id in urlsplit(place).path.split("/"):
            _delete_artifacts(place)
    for model in models:
        store.delete_logged_model(model.model_id)
    if experiment.lifecycle_stage == LifecycleStage.ACTIVE:
        store.delete_experiment(experiment_id)
    _delete_for_good(store, experiment_id, runs, models)
    return DeletedExperiment(len(runs), len(models))


def _delete_for_good(
    store: AbstractStore, experiment_id: str, runs: list[Run], models: list[LoggedModel]
) -> None:
    """By the methods of `mlflow gc`; a store without them keeps what is marked as deleted."""
    gone: Any = store
    if hasattr(store, "_hard_delete_run"):
        for run in runs:
            gone._hard_delete_run(run.info.run_id)  # noqa: SLF001
    if hasattr(store, "_hard_delete_logged_model"):
        for model in models:
            gone._hard_delete_logged_model(model.model_id)  # noqa: SLF001
    if hasattr(store, "_hard_delete_experiment"):
        gone._hard_delete_experiment(experiment_id)  # noqa: SLF001


def _delete_artifacts(uri: str) -> None:
    repository, path = artifact_location(uri, "")
    repository.delete_artifacts(path or None)


def _logged_models(store: AbstractStore, experiment_id: str) -> list[LoggedModel]:
    found: list[LoggedModel] = []
    token = None
    while True:
        page = store.search_logged_models([experiment_id], max_results=_AT_ONCE, page_token=token)
        found += list(page)
        if not (token := page.token):
            return found


def _find(store: AbstractStore, experiment_id: str) -> Experiment | None:
    try:
        found: Experiment = store.get_experiment(experiment_id)
    except MlflowException as error:
        if error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            return None
        raise
    return found
