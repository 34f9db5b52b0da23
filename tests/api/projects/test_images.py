"""An archive of class folders becomes a project that trains the retinal recipe."""

import pytest

from tests.api.client.fake_ray import TrainingServer
from tests.api.projects.image_archive import image_archive
from tests.api.projects.project_client import TABLE, ProjectClient, refusal
from tests.waiting import until


@pytest.fixture(scope="module")
def archive() -> bytes:
    return image_archive()


def test_an_archive_is_divided_and_trains_the_retinal_recipe(
    projects: ProjectClient, training: TrainingServer, archive: bytes
) -> None:
    created = projects.create(
        archive,
        "eyes.zip",
        problem_description="Tell RVO from normal eyes",
        settings='{"epochs": 3}',
    )
    project_id = created["project_id"]

    info = created["dataset_info"]
    assert info["file_type"] == "image_zip"
    assert info["target"]["classes"] == {"Normal": 10, "RVO": 10}
    assert "1 files that are no images" in info["notes"][0]
    folder = projects.server.data_dir / "projects" / project_id / "images"
    counts = {
        split: {it.name: len(list(it.iterdir())) for it in (folder / split).iterdir()}
        for split in ("train", "val", "test")
    }
    assert counts == {
        "train": {"Normal": 6, "RVO": 6},
        "val": {"Normal": 2, "RVO": 2},
        "test": {"Normal": 2, "RVO": 2},
    }
    detail = projects.until_status(project_id, "completed")
    command = training.ray.entrypoints[detail["run_id"]]
    assert f"--recipe retinal --launcher ray --data={folder}" in command
    assert "--epochs=3" in command
    refused = projects.http.post(f"/projects/{project_id}/predict", json={"rows": [{"a": 1}]})
    assert refusal(refused) == (409, "CONFLICT")
    for words in (f"--model project-{project_id}", "POST /api/v1/dicom/diagnose"):
        assert words in refused.json()["error"]
    assert projects.delete(project_id).status_code == 200
    until(lambda: project_id not in projects.folders(), "the end of the folder")


def test_a_setting_of_the_other_kind_of_upload_is_refused(
    projects: ProjectClient, archive: bytes
) -> None:
    before = projects.folders()
    for content, settings, named in (
        (archive, '{"budget_s": 5, "register_as": "eyes"}', "settings.budget_s"),
        (archive, '{"learners": ["linear"]}', "settings.learners"),
        (TABLE, '{"epochs": 5}', "settings.epochs"),
    ):
        refused = projects.post(content, settings=settings)
        assert refusal(refused) == (422, "VALIDATION_ERROR")
        assert named in refused.json()["details"]
    assert projects.folders() == before
