"""A disk that fills is an error of the contract; nothing is left behind, and the server goes on."""

from pathlib import Path

import httpx
import pytest
from mlflow import MlflowClient

from tests.api.client.fake_ray import FakeRay, answering
from tests.api.projects.project_client import DESCRIPTION, TABLE, ProjectClient, refusal, served
from tests.api.projects.test_killed_servers import HeldPipeline, project_in, requires_end
from tests.small_disk import fill, small_disk
from tracking_plugin.names import PipelineStage

LEFT_KIB = (0, 8, 40, 120, 400)
"""The disk is full for the upload, for the database, or for what comes after."""


@pytest.mark.soak
def test_projects_on_a_disk_that_fills(tmp_path: Path) -> None:
    stage = PipelineStage.MODEL_SELECTION
    pipeline = HeldPipeline(stages=[stage] * 50)
    with (
        small_disk(tmp_path / "data", size_kib=64 * 1024) as disk,
        answering(FakeRay(pipeline=pipeline.run)) as address,
        served(disk, {"FOVEA_RAY_ADDRESS": address}) as projects,
    ):
        running = project_in(projects, stage)
        answered = []
        for left_kib in LEFT_KIB:
            known = _known(projects)
            fill(disk / "filler", left_bytes=left_kib * 1024)
            response = _undeclared_post(projects) if left_kib == 0 else projects.post(TABLE)
            answered.append(response.status_code)
            if response.status_code != 201:
                assert refusal(response) == (507, "STORAGE_FULL"), left_kib
                assert "FOVEA_DATA_DIR" in response.json()["error"]
            assert projects.get(running)["run_status"] == "training"
            (disk / "filler").unlink()
            made = {response.json()["project_id"]} if response.status_code == 201 else set()
            assert _known(projects) == (known[0] | made, known[1] + len(made)), left_kib
        assert (answered[0], answered[-1]) == (507, 201), answered
        pipeline.go_on.set()
        requires_end(projects, running)
        projects.until_status(projects.create()["project_id"], "completed")


def _undeclared_post(projects: ProjectClient) -> httpx.Response:
    """The upload without its size, which is then known to be too large by its last byte alone."""
    request = httpx.Request(
        "POST",
        "http://server",
        data={"problem_description": DESCRIPTION},
        files={"file": ("t.csv", TABLE)},
    )
    headers = {"Content-Type": request.headers["Content-Type"]}
    return projects.http.post("/projects", content=iter([request.read()]), headers=headers)


def _known(projects: ProjectClient) -> tuple[set[str], int]:
    """Folders of uploads, and the number of experiments."""
    experiments = MlflowClient(projects.server.url).search_experiments(max_results=1000)
    return projects.folders(), len(experiments)
