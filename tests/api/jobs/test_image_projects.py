"""From an archive of class folders to a diagnosis: the real training on Ray, and the real service."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.api.projects.project_client import ProjectClient
from tests.ports import LOOPBACK, free_port
from tests.servers import Server, fovea_server
from tests.serving.diagnosis.drawn_images import fundus
from tests.serving.server.eye_files import png
from tests.waiting import until
from tracking_plugin.names import PipelineStage
from tracking_plugin.ray_head import LocalHead
from training.data.synthetic.pictures import draw_picture

DEADLINE_S = 400.0
MODEL = "eyes"
CLASSES = ("Fundus_Normal", "Fundus_RVO")
NUM_IMAGES = 14
"""Of each class."""


@pytest.fixture
def server(tmp_path: Path, head: LocalHead) -> Iterator[Server]:
    environment = {
        "FOVEA_RAY_ADDRESS": head.address,
        "RAY_AUTH_TOKEN": head.token,
        "FOVEA_GRPC_ADDRESS": f"{LOOPBACK}:{free_port()}",
        "FOVEA_SERVING_TOKEN": "secret",
        "FOVEA_SERVING_DEVICE": "cpu",
        "FOVEA_SERVING_DECODE_WORKERS": "1",
        "FOVEA_SERVING_MODEL": MODEL,
        "FOVEA_SERVING_POLL_S": "0.5",
        "FOVEA_SERVING_SPOOL_DIR": str(tmp_path / "spool"),
    }
    with fovea_server(tmp_path / "data", "--with-serving", environment=environment) as running:
        yield running


def drawn_archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in CLASSES:
            for number in range(NUM_IMAGES):
                picture = io.BytesIO()
                draw_picture(name, 128, np.random.default_rng(number)).save(picture, "PNG")
                file.writestr(f"eyes/{name}/{number}.png", picture.getvalue())
    return packed.getvalue()


@pytest.mark.timeout(900)
def test_an_archive_becomes_a_model_that_the_service_diagnoses_with(server: Server) -> None:
    with httpx.Client(base_url=f"{server.url}/api/v1", timeout=120) as http:
        projects = ProjectClient(http, server)
        settings = json.dumps({"epochs": 2, "register_as": MODEL})
        created = projects.create(
            drawn_archive(),
            "eyes.zip",
            problem_description="Tell vein occlusions from normal eyes",
            settings=settings,
        )
        project_id = created["project_id"]
        assert created["dataset_info"]["target"]["classes"] == dict.fromkeys(CLASSES, NUM_IMAGES)
        stages: list[str] = []

        def ended() -> str | None:
            progress = projects.progress(project_id)
            if progress["current_stage"] not in stages:
                stages.append(progress["current_stage"])
            ends = ("completed", "failed", "cancelled")
            return progress["status"] if progress["status"] in ends else None

        status = until(ended, "the end of the training", DEADLINE_S)
        detail = projects.get(project_id)
        run_id = detail["run_id"]
        log = httpx.get(f"{server.url}/api/jobs/{run_id}/logs").text
        assert status == "completed", (detail["message"], log[-3000:])
        order = [str(stage) for stage in PipelineStage]
        assert stages == sorted(stages, key=order.index)
        assert {"model_training", "model_deployment"} <= set(stages)
        assert detail["metrics"]["epoch"] == 2
        assert "val/auc_roc_macro" in detail["metrics"]
        assert detail["endpoint_id"] == f"{MODEL}/1"
        assert detail["prediction_endpoint"] == "/api/v1/dicom/diagnose"

        def diagnosed() -> httpx.Response | None:
            answer = httpx.post(
                f"{server.url}{detail['prediction_endpoint']}",
                files={"file": ("a.png", png(fundus("Fundus_RVO", 99)))},
                data={"confidence_threshold": "0"},
                timeout=120,
            )
            return answer if answer.is_success else None

        answer = until(diagnosed, "the service's answer", DEADLINE_S)
        data = answer.json()["data"]
        assert data["model"] == {"name": MODEL, "version": "1", "run_id": run_id}
        assert set(data["classification"]["probabilities"]) == set(CLASSES)
        deleted = projects.delete(project_id)
        assert deleted.status_code == 200, deleted.text
        assert deleted.json()["deleted"]["num_models"] == 1
