"""The scores of a list of projects: a run that is deleted meanwhile has none, and ends nothing."""

from typing import Any, cast

from mlflow.exceptions import MlflowException

from api.projects.inspection import Inspection
from api.projects.records import Project, ProjectKind, ProjectState
from api.projects.scores import ProjectScores
from api.projects.stages import ProjectStatus
from api.run_failures import RunFailures


class _WithoutRun:
    def artifact(self, run_id: str, path: str, largest_bytes: int) -> bytes:
        raise MlflowException(f"Run with id={run_id} not found")


def test_a_run_that_is_deleted_meanwhile_has_no_score() -> None:
    failures = RunFailures()
    project = Project(
        project_id="p",
        workspace=None,
        experiment_id="1",
        state=ProjectState.STARTED,
        kind=ProjectKind.TABLE,
        name="",
        description="",
        dataset_name="",
        dataset_digest="",
        size_bytes=0,
        tracking_uri="",
        inspection=Inspection(file_type="delimited_text"),
        run_id="gone",
    )

    found = ProjectScores(cast(Any, _WithoutRun()), failures).read(project, ProjectStatus.COMPLETED)

    assert found is None
    assert [it.run_id for it in failures.newest()] == ["gone"]
