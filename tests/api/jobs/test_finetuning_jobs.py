"""A registered model learns further as a job on real Ray, as the pages of the exoplanet frontend ask for it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import mlflow
import pytest
from mlflow import MlflowClient

from tests.api.custom_training.exoplanet_pages import ExoplanetPages
from tests.servers import Server, fovea_server
from tests.training.recipes.tables.test_finetuning import ROUNDS, source_model, stars
from tests.waiting import until
from tracking_plugin.ray_head import LocalHead
from training.tables.model.publish import log_table_model

DEADLINE_S = 300.0


@pytest.fixture
def server(tmp_path: Path, head: LocalHead) -> Iterator[Server]:
    environment = {"FOVEA_RAY_ADDRESS": head.address, "RAY_AUTH_TOKEN": head.token}
    with fovea_server(tmp_path / "data", environment=environment) as running:
        yield running


@pytest.fixture
def registry(server: Server) -> MlflowClient:
    """That of the server, with the champion `stars`: a planet is where the signal is above 0."""
    before, client = mlflow.get_tracking_uri(), MlflowClient(server.url)
    run_id = client.create_run("0").info.run_id
    version = log_table_model(
        source_model("lightgbm"), run_id=run_id, tracking_uri=server.url, register_as="stars"
    )
    client.set_registered_model_alias("stars", "champion", version)
    client.set_terminated(run_id)
    mlflow.set_tracking_uri(before)
    return client


def test_a_fine_tuning_on_ray_shows_what_it_is_worth_and_predicts_a_second_table(
    server: Server, registry: MlflowClient
) -> None:
    labelled = stars(300, 1, seed=2).to_csv(index=False).encode()
    second = stars(6, 1, seed=3).drop(columns="label").to_csv(index=False).encode()
    with httpx.Client(base_url=server.url, timeout=120) as http:
        started = ExoplanetPages(http).predict(
            "stars",
            {"training_file": ("new.csv", labelled), "testing_file": ("second.csv", second)},
            hyperparameters=ROUNDS,
            budget_s="60",
        )
        assert started.status_code == 202, started.text
        session = started.json()["session_id"]

        def ended() -> str | None:
            progress = http.get(f"/api/pretrained/progress/{session}").json()
            return progress["status"] if progress["status"] != "running" else None

        status = until(ended, "the end of the fine-tuning", DEADLINE_S)
        assert status == "completed", http.get(f"/api/jobs/{session}/logs").text
        result = http.get(f"/api/pretrained/result/{session}").json()

    metrics = result["metrics"]
    assert metrics["macro_f1"] > metrics["before"]["macro_f1"] + 0.1
    assert metrics["difference"]["macro_f1"]["interval"][0] > 0
    assert metrics["fine_tuning"]["verdict"] == "better"
    assert [it["row"] for it in result["predictions"]] == [1, 2, 3, 4, 5, 6]
    assert all(it["contributions"] for it in result["predictions"])
    assert result["model_info"]["model_name"] == "stars"
    tuned = registry.get_model_version("stars", "2")
    assert (tuned.run_id, tuned.tags["fovea.parent_version"]) == (session, "stars/1")
    assert str(registry.get_model_version_by_alias("stars", "champion").version) == "1"
