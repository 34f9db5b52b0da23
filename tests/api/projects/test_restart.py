"""After a server was killed in any state, its successor finishes what it had begun."""

import sqlite3
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.api.projects.project_client import TABLE, UNCLEAR, served
from tests.ports import LOOPBACK, free_port
from tests.waiting import until

UNKNOWN = "f" * 32


@pytest.fixture
def environment() -> dict[str, str]:
    """Nothing listens at this address: no job of these tests gets to a Ray cluster."""
    return {"FOVEA_RAY_ADDRESS": f"http://{LOOPBACK}:{free_port()}"}


def test_a_killed_server_leaves_no_half_made_project(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    data_dir = tmp_path / "data"
    with served(data_dir, environment) as projects:
        mlflow = MlflowClient(projects.server.url)
        waiting, starting, deleting = (
            projects.create(UNCLEAR, problem_description="Look at this")["project_id"]
            for _ in range(3)
        )
        orphan = mlflow.create_experiment("orphan", tags={"fovea.project": UNKNOWN})
        other = mlflow.create_experiment("other", tags={"fovea.project": "0" * 32})
        projects.server.kill()
    _leave_half_made(data_dir, starting, deleting)

    with served(data_dir, environment) as projects:
        mlflow = MlflowClient(projects.server.url)
        until(lambda: projects.folders() == {waiting, starting}, "the end of the leftovers")
        kept = projects.get(waiting)
        assert (kept["status"], kept["question"]["id"]) == ("analyzing", "target")
        assert projects.answer(waiting, "target", "b").status_code == 200
        started = until(lambda: projects.get(starting)["run_id"], "the start of the pipeline")
        assert mlflow.get_run(started).data.tags["fovea.project"] == starting
        assert projects.http.get(f"/projects/{deleting}").status_code == 404
        names = {it.experiment_id for it in mlflow.search_experiments()}
        # An experiment that only has the tag, but no upload, may be of anybody.
        assert orphan not in names
        assert other in names


def _leave_half_made(data_dir: Path, starting: str, deleting: str) -> None:
    """What a server leaves that is killed at the worst moments."""
    upload = data_dir / "projects" / UNKNOWN
    upload.mkdir()
    (upload / "upload").write_text(TABLE)
    with sqlite3.connect(data_dir / "mlflow.db") as database:
        for project_id, state in ((starting, "starting"), (deleting, "deleting")):
            database.execute(
                "UPDATE fovea_projects SET state = ? WHERE project_id = ?", (state, project_id)
            )
