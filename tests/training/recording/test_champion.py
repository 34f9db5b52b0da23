"""The first version of a model is served; later ones wait for a person."""

from pathlib import Path

from mlflow import MlflowClient

from tests.mlflow_database import new_store
from training.recording.champion import promote_first


def test_only_the_first_version_becomes_champion(tmp_path: Path) -> None:
    client = MlflowClient(new_store(tmp_path))
    client.create_registered_model("retina")
    for _ in range(2):
        client.create_model_version("retina", str(tmp_path))

    promote_first(client, "retina", "1")
    promote_first(client, "retina", "2")

    assert str(client.get_model_version_by_alias("retina", "champion").version) == "1"
