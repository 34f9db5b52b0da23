"""The report of a project."""

import httpx

from tests.api.projects.project_client import UNCLEAR, ProjectClient
from tests.api.reports.parsed_page import parsed, text_of


def report(projects: ProjectClient, project_id: str) -> httpx.Response:
    return projects.http.post(f"/projects/{project_id}/report", json={"store": True})


def test_a_project_shows_its_data_decisions_and_honest_score(
    projects: ProjectClient, completed_id: str
) -> None:
    response = report(projects, completed_id)

    assert response.status_code == 200
    run_id = projects.get(completed_id)["run_id"]
    assert response.headers["X-Fovea-Report"].startswith(f"{run_id}/reports/model-card-")
    assert parsed(response.text).problems == []
    text = text_of(response.text)
    for known in (
        "completed",
        "patients.csv",
        "Predict the outcome of each patient",
        "macro_f1 0.79 (0.77 to 0.81)",
        "It is derived from the label.",
        "catboost , linear",
        "champion",
    ):
        assert known in text
    # Rows of the table are not shown, whose values may be those of patients.
    assert "CANDIDATE" not in text


def test_a_project_without_a_run_says_what_to_do(projects: ProjectClient) -> None:
    waiting = projects.create(UNCLEAR)["project_id"]
    response = report(projects, waiting)

    assert response.status_code == 409
    assert "answer its question first" in response.json()["error"]
    assert report(projects, "0" * 32).status_code == 404
