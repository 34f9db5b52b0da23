"""Reads runs from MLflow's tracking store, for the routes, the hub and the other domains."""

import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from mlflow.entities import Run
from mlflow.server.handlers import _get_tracking_store
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.errors import ConflictError, NotFoundError, UnprocessableError
from api.pages import Listed, Page
from api.runs.artifacts import artifact_names, read_artifact
from api.runs.bounded_reads import BoundedReads
from api.runs.ranked_runs import RankedRuns
from api.runs.run_over import RunEnd
from api.runs.source import FoundRun, MetricHistory, RunIndex, RunQuery
from api.runs.sql_metrics import SqlMetrics
from api.runs.sql_ranked_runs import ranked_runs
from api.runs.sql_runs import SqlRuns
from api.runs.state import RECENT_STEPS, RunState
from api.runs.stored_metrics import StoredMetrics
from api.runs.stored_runs import StoredRuns
from api.runs.table.sql_table import SqlTable
from tracking_plugin.mlflow_status import ACTIVE_STATUSES

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_PREFIX = re.compile(r"[0-9a-f]{1,31}")
_LONGEST_SHOWN = 64

ARTIFACT_DEADLINE_S = 20.0
MAX_ARTIFACT_READS = 16
"""Fewer than the threads of the routes, which answer everything else meanwhile."""


class RunNotFoundError(NotFoundError):
    """No run has that id, or it is in another workspace."""

    def __init__(self, run_id: str) -> None:
        shown = run_id if len(run_id) <= _LONGEST_SHOWN else f"{run_id[:_LONGEST_SHOWN]}…"
        super().__init__(f"There is no run {shown!r}: GET /api/runs lists the runs")


@dataclass(frozen=True)
class _Source:
    store: AbstractStore
    runs: RunIndex
    metrics: MetricHistory
    ranked: Callable[[Collection[str], int], dict[str, RankedRuns]]
    table: SqlTable | None = None


class AmbiguousRunError(ConflictError):
    """Several runs have an id that begins so."""

    def __init__(self, prefix: str) -> None:
        super().__init__(
            f"Several runs have an id that begins with {prefix!r}: give more characters of it"
        )


class NoTableError(UnprocessableError):
    """The store cannot search as the table of runs does."""

    def __init__(self) -> None:
        super().__init__(
            "The table of runs needs MLflow's runs in an SQL database, and this server keeps them in "
            "files: GET /api/runs lists them"
        )


class RunReader:
    """Blocking: routes call it in a thread, coroutines through asyncio.to_thread.

    The store is opened on first use. If MLflow's workspaces are enabled, reads are limited to the
    workspace that api.runs.workspaces.within sets.
    """

    def __init__(self, open_store: Callable[[], AbstractStore] = _get_tracking_store) -> None:
        self._open_store = open_store
        self._opened: _Source | None = None
        self._opening = threading.Lock()
        self._artifact_reads = BoundedReads(
            max_in_progress=MAX_ARTIFACT_READS,
            deadline_s=ARTIFACT_DEADLINE_S,
            reads="reads of artifacts",
            missed="The artifact store did not return the artifact",
        )

    def state(self, run_id: str, recent_steps: int = RECENT_STEPS) -> RunState:
        """A run with all points of its newest steps. Raises RunNotFoundError."""
        state = self._source.runs.run(run_id) if _RUN_ID.fullmatch(run_id) else None
        if state is None:
            raise RunNotFoundError(run_id)
        if recent_steps and (steps := self.metrics.steps(run_id, Page(limit=recent_steps))):
            state.add_points(self.metrics.points(run_id, min(steps), max(steps)))
        return state

    def paced_state(self, run_id: str) -> RunState:
        """A run with the points of the first and the last of its newest steps: enough for its pace.

        Far cheaper than `state`, for clients that ask twice a second. Raises RunNotFoundError.
        """
        state = self.state(run_id, recent_steps=0)
        steps = self.metrics.steps(run_id, Page(limit=RECENT_STEPS))
        for step in {min(steps), max(steps)} if steps else ():
            state.add_points(self.metrics.points(run_id, step, step))
        return state

    def states(self, run_ids: Collection[str], metrics: Collection[str]) -> dict[str, RunState]:
        """Those of the runs that exist, by id, with the newest points of these metrics alone."""
        return self._source.runs.runs(run_ids, metrics)

    def ranked(self, experiment_ids: Collection[str], most: int) -> dict[str, RankedRuns]:
        """At most `most` runs of each of the experiments, the best first."""
        return self._source.ranked(experiment_ids, most)

    def full_run_id(self, given: str) -> str:
        """The id that begins with `given`, which is returned as it is if none does.

        Raises AmbiguousRunError if several do.
        """
        prefix = given.lower()
        if not _PREFIX.fullmatch(prefix):
            return given
        match self._source.runs.ids_with_prefix(prefix, 2):
            case [run_id]:
                return run_id
            case []:
                return given
        raise AmbiguousRunError(prefix)

    def default_run_id(self) -> str | None:
        """The newest run that has not ended, else the newest; deleted ones do not count."""
        runs = self._source.runs
        return runs.newest_run_id(ACTIVE_STATUSES) or runs.newest_run_id()

    def ends(self, run_ids: Collection[str]) -> dict[str, RunEnd]:
        """How those of the runs that are over have ended. A run that does not exist is deleted."""
        return self._source.runs.ends(run_ids)

    def parents(self, run_ids: Collection[str]) -> dict[str, str]:
        """The parent of each of the runs that have one, except those of evaluation jobs."""
        return self._source.runs.parents(run_ids)

    def of_experiment(self, experiment_id: str) -> list[str]:
        """The ids of all runs of an experiment, deleted or not."""
        return self._source.runs.of_experiment(experiment_id)

    def find_runs(self, query: RunQuery, page: Page) -> Listed[FoundRun]:
        return self._source.runs.find_runs(query, page)

    @property
    def metrics(self) -> MetricHistory:
        """The logged metrics; callers read the run's state first, which checks that it is visible."""
        return self._source.metrics

    @property
    def table(self) -> SqlTable:
        """The table of runs. Raises NoTableError for stores that are not SQL."""
        if self._source.table is None:
            raise NoTableError
        return self._source.table

    def artifact(self, run_id: str, path: str, largest_bytes: int) -> bytes:
        """An artifact of an existing run.

        Raises the errors of api.runs.artifacts.read_artifact, and UnavailableError if the artifact
        store does not respond in time.
        """
        run = self._source.store.get_run(run_id)
        read = partial(read_artifact, run.info.artifact_uri, path, largest_bytes)
        return self._artifact_reads.run(read)

    def artifact_names(self, run_id: str, folder: str, most: int) -> list[str]:
        """The names in a folder of the run's artifacts; raises as `artifact` does."""
        run = self._source.store.get_run(run_id)
        read = partial(artifact_names, run.info.artifact_uri, folder, most)
        return self._artifact_reads.run(read)

    def model_file(self, model_id: str, path: str, largest_bytes: int) -> bytes:
        """A file of a logged model; raises as `artifact` does, or MlflowException without the model."""
        model = self._source.store.get_logged_model(model_id)
        read = partial(read_artifact, model.artifact_location, path, largest_bytes)
        return self._artifact_reads.run(read)

    def stored_run(self, run_id: str) -> Run:
        """What MLflow has of a run whose `state` was read, with its data sets and models."""
        run: Run = self._source.store.get_run(run_id)
        return run

    def experiment_name(self, experiment_id: str) -> str:
        return str(self._source.store.get_experiment(experiment_id).name)

    @property
    def _source(self) -> _Source:
        with self._opening:
            if self._opened is None:
                self._opened = _source_over(self._open_store())
            return self._opened


def _source_over(store: AbstractStore) -> _Source:
    if isinstance(store, SqlAlchemyStore):
        runs = SqlRuns(store)
        ranked = partial(ranked_runs, runs)
        return _Source(store, runs, SqlMetrics(store), ranked, SqlTable(store, runs))
    stored = StoredRuns(store)
    return _Source(store, stored, StoredMetrics(store), stored.ranked)
