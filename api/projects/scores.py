"""Reads the holdout scores of finished projects, for lists that show many of them."""

from collections import OrderedDict

from api.projects.records import Project, ProjectKind
from api.projects.results import read_holdout_score
from api.projects.schemas import ScoreEntry
from api.projects.stages import ProjectStatus
from api.run_failures import RunFailures
from api.runs.reader import RunReader

MAX_KEPT = 1000


class ProjectScores:
    """Keeps what it has read: a finished run no longer changes."""

    def __init__(self, reader: RunReader, failures: RunFailures) -> None:
        self._reader = reader
        self._failures = failures
        self._kept: OrderedDict[str, ScoreEntry] = OrderedDict()

    def read(self, project: Project, status: ProjectStatus) -> ScoreEntry | None:
        """None unless the project has finished with a score. Blocking, in the project's workspace."""
        run_id = project.run_id
        is_finished = status is ProjectStatus.COMPLETED and project.kind is ProjectKind.TABLE
        if run_id is None or not is_finished:
            return None
        found = self._kept.get(run_id)
        if found is None:
            # The run may be deleted meanwhile, which must not end a list of many projects.
            with self._failures.isolated(run_id, "Reading the score of a project"):
                found = read_holdout_score(self._reader, self._failures, run_id)
            if found is not None:
                self._kept[run_id] = found
                while len(self._kept) > MAX_KEPT:
                    self._kept.popitem(last=False)
        return found
