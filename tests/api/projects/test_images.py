"""An archive of class folders becomes a project that trains the retinal recipe."""

import io
import zipfile

import pytest
from PIL import Image

from tests.api.client.fake_ray import TrainingServer
from tests.api.projects.project_client import ProjectClient
from tests.waiting import until


@pytest.fixture(scope="module")
def archive() -> bytes:
    """Ten small pictures of each of two classes, below a common folder, and a file that is none."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("eyes/readme.txt", "hello")
        for name in ("Normal", "RVO"):
            for number in range(10):
                picture = io.BytesIO()
                Image.new("RGB", (8, 8), (25 * number, 9, len(name))).save(picture, "PNG")
                file.writestr(f"eyes/{name}/{number}.png", picture.getvalue())
    return packed.getvalue()


def test_an_archive_is_divided_and_trains_the_retinal_recipe(
    projects: ProjectClient, training: TrainingServer, archive: bytes
) -> None:
    created = projects.create(archive, "eyes.zip", problem_description="Tell RVO from normal eyes")
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
    assert projects.delete(project_id).status_code == 200
    until(lambda: project_id not in projects.folders(), "the end of the folder")
