"""A project without a model says why, and what to do."""

import pytest

from api.projects.inspection import Inspection
from api.projects.missing_model import why_no_model
from api.projects.records import Project, ProjectKind, ProjectSettings, ProjectState
from api.projects.stages import position
from api.runs.state import RunState


def said(settings: ProjectSettings, mlflow_status: str) -> str:
    project = Project(
        project_id="p",
        workspace=None,
        experiment_id="1",
        state=ProjectState.STARTED,
        kind=ProjectKind.TABLE,
        name="stars",
        description="",
        dataset_name="stars.csv",
        dataset_digest="0",
        size_bytes=1,
        tracking_uri="",
        inspection=Inspection(file_type="delimited_text"),
        settings=settings,
    )
    run = RunState(run_id="r", mlflow_status=mlflow_status, tags={}, latest={})
    return why_no_model(project, position(project.state, run, 0))


@pytest.mark.parametrize(
    ("settings", "mlflow_status", "expected"),
    [
        (ProjectSettings(), "RUNNING", "registers one in its last stage"),
        (ProjectSettings(engine="autogluon"), "RUNNING", "Upload the table without `engine`"),
        (ProjectSettings(engine="autogluon"), "FINISHED", "Upload the table without `engine`"),
        (ProjectSettings(pretrained="stars@champion"), "FINISHED", "POST /api/pretrained/predict"),
        (ProjectSettings(), "FAILED", "has ended as failed and left no model"),
    ],
)
def test_the_reason_is_that_of_the_project(
    settings: ProjectSettings, mlflow_status: str, expected: str
) -> None:
    assert expected in said(settings, mlflow_status)
