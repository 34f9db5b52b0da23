"""A diffusion training by the routes of the LoRA studio, as a job on real Ray: its five steps, and commands."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.jobs.trainings import Trainings, trainings
from tests.training.diffusion.conftest import sd15_folder  # noqa: F401
from tests.training.recipes.diffusion.tiny import CAPTION, SIDE, make_images
from tracking_plugin.ray_head import LocalHead

NUM_IMAGES = 10
CONFIG: dict[str, Any] = {
    "learning_rate": 0.001,
    "batch_size": 2,
    "num_epochs": 6,
    "lora_rank": 4,
    "lora_alpha": 8,
    "resolution": SIDE,
    "most_enlarged": 2,
    "held_out_share": 0.2,
    "sample_prompts": CAPTION,
    "sample_steps": 2,
}
COMMANDS: dict[str, dict[str, Any]] = {
    "sample_now": {},
    "save_now": {},
    "set_learning_rate": {"value": 1e-4},
    "set_prompts": {"prompt_1": "a red retina", "prompt_2": "a photo"},
}


@pytest.mark.usefixtures("sd15_folder")
def test_the_steps_of_the_studio_on_a_real_training(
    request: pytest.FixtureRequest, tmp_path: Path, head: LocalHead
) -> None:
    base = request.getfixturevalue("sd15_folder")
    images = make_images(tmp_path / "captioned", NUM_IMAGES)
    with trainings(tmp_path, head) as api:
        before = api.http.get("/api/monitoring/dashboard").json()
        dataset = created(api, "/api/datasets", name="My Dataset", path=str(images))
        model = created(api, "/api/models", name="stable-diffusion", path=str(base))
        assert (dataset["num_images"], dataset["num_captions"]) == (NUM_IMAGES, NUM_IMAGES)
        assert (model["pipeline"], model["licence"]) == ("StableDiffusionPipeline", "openrail++")

        job = created(
            api,
            "/api/training/",
            type="lora",
            dataset_id=dataset["id"],
            base_model_id=model["id"],
            config=CONFIG,
            output_name="my_lora_model",
        )
        run_id = job["id"]
        assert job["status"] == "pending"
        assert api.http.post(f"/api/training/{run_id}/start").json()["status"] == "started"
        api.wait_for_step(run_id, 1)

        step = api.acknowledged("pause", run_id)["step"]
        answers = {name: commanded(api, run_id, name, COMMANDS[name]) for name in COMMANDS}
        assert {(it["status"], it["step"]) for it in answers.values()} == {("done", step)}, answers
        api.acknowledged("resume", run_id)
        api.wait(run_id, "completed")

        recorded = ["pause", *("instruct" for _ in COMMANDS), "resume"]
        assert api.outcomes(run_id) == [(action, "done") for action in recorded]
        progress = api.http.get(f"/api/training/{run_id}/progress").json()
        assert (progress["progress"], progress["current_step"]) == (1.0, 24)
        assert progress["loss"] == pytest.approx(api.curve(run_id)[-1][1])
        assert any("Captions: 10 beside the image" in line for line in api.logs(run_id))
        pictures = [file.path for file in api.mlflow.list_artifacts(run_id, "images")]
        assert any("sample_1" in path and f"+step+{step}+" in path for path in pictures), pictures
        [version] = api.mlflow.search_model_versions("name='my_lora_model'")
        assert version.run_id == run_id

        after = api.http.get("/api/monitoring/dashboard").json()
        for figure in ("total_jobs", "jobs_completed"):
            assert after["system"][figure] == before["system"][figure] + 1
        for figure in ("total_training_jobs", "total_datasets", "total_base_models"):
            assert after["usage"][figure] == before["usage"][figure] + 1


def created(api: Trainings, route: str, /, **body: Any) -> dict[str, Any]:
    answer = api.http.post(route, json=body)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def commanded(api: Trainings, run_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    body = {"name": name, "arguments": arguments, "wait_s": 60}
    answer = api.http.post(f"/api/v1/runs/{run_id}/commands", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
