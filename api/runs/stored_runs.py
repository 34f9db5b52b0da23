"""Reads runs through MLflow's store interface, for stores that are not SQL."""

import math
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from mlflow.entities import Run, ViewType
from mlflow.entities.lifecycle_stage import LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from api.pages import Listed, Page
from api.runs.ranked_runs import RankedRun, RankedRuns
from api.runs.run_over import RunEnd, end_of
from api.runs.source import FoundRun, RunQuery, is_of_training
from api.runs.state import RunState
from api.runs.status import effective_status
from tracking_plugin.events import LoggedPoint
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.names import CANDIDATE_LOSS, RunStatus, Tag

_AT_ONCE = 1000


class StoredRuns:
    """A RunIndex that reads complete runs."""

    def __init__(self, store: AbstractStore) -> None:
        self._store = store

    def run(self, run_id: str) -> RunState | None:
        try:
            return _state(self._store.get_run(run_id))
        except MlflowException as error:
            if error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
                return None
            raise

    def runs(self, run_ids: Collection[str], metrics: Collection[str]) -> dict[str, RunState]:
        del metrics  # MLflow's interface reads a run with all of them.
        found = {run_id: self.run(run_id) for run_id in run_ids}
        return {run_id: run for run_id, run in found.items() if run is not None}

    def ends(self, run_ids: Collection[str]) -> dict[str, RunEnd]:
        found = {}
        for run_id in run_ids:
            run = self.run(run_id)
            how = (
                RunEnd.DELETED if run is None else end_of(run.mlflow_status, is_deleted=run.deleted)
            )
            if how is not None:
                found[run_id] = how
        return found

    def parents(self, run_ids: Collection[str]) -> dict[str, str]:
        runs = [run for run_id in run_ids if (run := self.run(run_id)) is not None]
        return {
            run.run_id: run.tags[MLFLOW_PARENT_RUN_ID]
            for run in runs
            if MLFLOW_PARENT_RUN_ID in run.tags and Tag.EVALUATED_RUN not in run.tags
        }

    def of_experiment(self, experiment_id: str) -> list[str]:
        runs = self._runs([experiment_id], ViewType.ALL)
        return [run.info.run_id for run in runs]

    def ranked(self, experiment_ids: Collection[str], most: int) -> dict[str, RankedRuns]:
        """As `api.runs.sql_ranked_runs.ranked_runs`."""
        found: dict[str, list[Run]] = {}
        for run in self._runs(list(experiment_ids)):
            found.setdefault(run.info.experiment_id, []).append(run)
        return {
            experiment_id: RankedRuns(
                num_runs=len(runs),
                runs=[_ranked(run) for run in sorted(runs, key=_best_first)[:most]],
            )
            for experiment_id, runs in found.items()
        }

    def ids_with_prefix(self, prefix: str, limit: int) -> list[str]:
        ids = (str(run.info.run_id) for run in self._runs(list(self._experiments())))
        return list(islice((it for it in ids if it.startswith(prefix)), limit))

    def newest_run_id(self, statuses: Collection[str] | None = None) -> str | None:
        runs = self._runs(list(self._experiments()))
        wanted = (
            run
            for run in runs
            if Tag.EVALUATED_RUN not in run.data.tags
            and (statuses is None or run.info.status in statuses)
        )
        newest = min(wanted, key=_newest_first, default=None)
        return None if newest is None else str(newest.info.run_id)

    def find_runs(self, query: RunQuery, page: Page) -> Listed[FoundRun]:
        names = _of_experiment(self._experiments(), query.experiment)
        runs = sorted(self._runs(list(names)), key=_newest_first)
        found = [
            FoundRun(_state(run), names[run.info.experiment_id])
            for run in runs
            if query.status is None or _has_status(run, query.status)
        ]
        return Listed(list(page.of(found)), len(found))

    def _experiments(self) -> dict[str, str]:
        """The names of all experiments, by id."""
        names: dict[str, str] = {}
        token = None
        while True:
            page = self._store.search_experiments(
                view_type=ViewType.ACTIVE_ONLY, max_results=_AT_ONCE, page_token=token
            )
            names |= {experiment.experiment_id: experiment.name for experiment in page}
            if not (token := page.token):
                return names

    def _runs(self, experiment_ids: list[str], view: int = ViewType.ACTIVE_ONLY) -> Iterator[Run]:
        token = None
        while experiment_ids:
            page = self._store.search_runs(
                experiment_ids, "", view, max_results=_AT_ONCE, page_token=token
            )
            yield from page
            if not (token := page.token):
                return


def _of_experiment(names: dict[str, str], experiment: str | None) -> dict[str, str]:
    if experiment is None:
        return names
    if experiment in names:
        return {experiment: names[experiment]}
    return {experiment_id: name for experiment_id, name in names.items() if name == experiment}


def _newest_first(run: Run) -> tuple[float, str]:
    start_time_ms = run.info.start_time
    return (float("inf") if start_time_ms is None else -start_time_ms, run.info.run_id)


def _ranked(run: Run) -> RankedRun:
    return RankedRun(
        run_id=run.info.run_id,
        run_name=run.info.run_name or "",
        status=effective_status(run.info.status, run.data.tags),
        is_candidate=Tag.CANDIDATE in run.data.tags,
        loss=_loss(run),
    )


def _loss(run: Run) -> float | None:
    loss = run.data.metrics.get(CANDIDATE_LOSS) if Tag.CANDIDATE in run.data.tags else None
    return None if loss is None or not math.isfinite(loss) else float(loss)


def _best_first(run: Run) -> tuple[bool, float, tuple[float, str]]:
    loss = _loss(run)
    return (
        Tag.CANDIDATE in run.data.tags,
        math.inf if loss is None else loss,
        _newest_first(run),
    )


def _has_status(run: Run, wanted: RunStatus | MlflowStatus) -> bool:
    if isinstance(wanted, MlflowStatus):
        return bool(run.info.status == wanted)
    return effective_status(run.info.status, run.data.tags) == wanted


def _state(run: Run) -> RunState:
    state = RunState(
        run_id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        run_name=run.info.run_name or "",
        mlflow_status=run.info.status,
        start_time_ms=run.info.start_time,
        end_time_ms=run.info.end_time,
        deleted=run.info.lifecycle_stage == LifecycleStage.DELETED,
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        latest=_latest(run),
    )
    steps = [point.step for name, point in state.latest.items() if is_of_training(name)]
    state.last_step = max(steps, default=None)
    return state


def _latest(run: Run) -> dict[str, LoggedPoint]:
    metrics: list[Any] = run.data._metric_objs  # noqa: SLF001 - the public metrics have no steps
    return {
        metric.key: LoggedPoint(metric.key, metric.value, metric.step, metric.timestamp)
        for metric in metrics
    }
