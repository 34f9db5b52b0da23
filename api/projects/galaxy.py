"""Reads many projects at once, each with its best runs, for the galaxy."""

from collections.abc import Mapping, Sequence
from functools import partial

from starlette.concurrency import run_in_threadpool

from api.jobs.kinds import PROJECT
from api.pages import Listed, Page
from api.projects.looks import Look
from api.projects.records import Project, ProjectState
from api.projects.schemas import GalaxyProject, GalaxyRun, ScoreEntry
from api.projects.scores import ProjectScores
from api.projects.stages import position
from api.projects.store import ProjectStore
from api.run_failures import RunFailures
from api.runs.ranked_runs import RankedRuns
from api.runs.reader import RunReader
from api.runs.source import KEY_METRICS
from api.runs.state import RunState
from api.runs.workspaces import within
from api.storage.database import in_database
from api.timestamps import unix_ms, utc
from tracking_plugin.names import PipelineMetric

MAX_RUNS = 24
"""Of each project; a selection may have hundreds of candidates."""

_METRICS = [str(name) for name in (*KEY_METRICS, *PipelineMetric)]


class Galaxy:
    """Reads all runs of a page with a few statements, not with some for each project."""

    def __init__(self, store: ProjectStore, reader: RunReader, failures: RunFailures) -> None:
        self._store = store
        self._reader = reader
        self._failures = failures
        self._scores = ProjectScores(reader, failures)

    async def projects(self, workspace: str | None, page: Page) -> Listed[GalaxyProject]:
        """Newest first. A project whose run cannot be read is shown without it."""
        found = await in_database(partial(self._store.listed, workspace, page))
        shown = await run_in_threadpool(partial(self._read, found.entries, workspace))
        return Listed(shown, found.total)

    def _read(self, projects: Sequence[Project], workspace: str | None) -> list[GalaxyProject]:
        run_ids = [it.run_id for it in projects if it.run_id is not None]
        experiments = [it.experiment_id for it in projects]
        with within(workspace):
            states = self._reader.states(run_ids, _METRICS)
            ranked = self._reader.ranked(experiments, MAX_RUNS)
            return [self._project(it, states, ranked) for it in projects]

    def _project(
        self, project: Project, states: Mapping[str, RunState], ranked: Mapping[str, RankedRuns]
    ) -> GalaxyProject:
        look = self._look(project, states.get(project.run_id or ""))
        score = self._scores.read(project, look.position.status)
        runs = ranked.get(project.experiment_id, RankedRuns())
        return GalaxyProject(
            project_id=project.project_id,
            project_name=project.name,
            status=look.position.status,
            current_stage=look.position.stage,
            progress_percentage=look.position.percent,
            created_at=utc(project.created_ms),
            num_samples=project.inspection.num_rows,
            has_question=project.state is ProjectState.WAITING,
            run_id=project.run_id,
            holdout_score=score,
            num_runs=runs.num_runs,
            runs=_runs(runs, project.run_id, score),
        )

    def _look(self, project: Project, run: RunState | None) -> Look:
        look: Look | None = None
        with self._failures.isolated(project.run_id or "", "Showing the galaxy"):
            percent = 0.0 if run is None else 100 * PROJECT.progress(run)
            place = position(project.state, run, unix_ms(), percent_of_images=percent)
            look = Look(run, place)
        return look or Look(None, position(project.state, None, unix_ms()))


def _runs(
    ranked: RankedRuns, pipeline_run_id: str | None, holdout: ScoreEntry | None
) -> list[GalaxyRun]:
    return [
        GalaxyRun(
            run_id=it.run_id,
            run_name=it.run_name,
            status=it.status,
            is_candidate=it.is_candidate,
            selection_loss=it.loss,
            holdout_score=holdout if it.run_id == pipeline_run_id else None,
        )
        for it in ranked.runs
    ]
