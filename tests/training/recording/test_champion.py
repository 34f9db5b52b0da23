"""The first version of a model is served; later ones wait for a person, unless the model is a project's own."""

from pathlib import Path

from mlflow import MlflowClient

from tests.mlflow_database import new_store
from tracking_plugin.names import Tag
from training.recording.champion import promote_first


def test_only_the_first_version_becomes_champion(tmp_path: Path) -> None:
    client = MlflowClient(new_store(tmp_path))
    client.create_registered_model("retina")
    for _ in range(2):
        client.create_model_version("retina", str(tmp_path))

    promote_first(client, "retina", "1")
    promote_first(client, "retina", "2")

    assert str(client.get_model_version_by_alias("retina", "champion").version) == "1"


def test_the_newest_pipeline_of_a_project_gives_the_project_its_model(tmp_path: Path) -> None:
    client = MlflowClient(new_store(tmp_path))
    for name in ("project-a", "stars"):
        client.create_registered_model(name)
        for project in ("a", "a", "b"):
            run_id = client.create_run("0", tags={str(Tag.PROJECT): project}).info.run_id
            client.create_model_version(name, str(tmp_path), run_id)
        for version in ("1", "2", "2", "3"):
            promote_first(client, name, version)

    own, shared = (client.get_registered_model(name) for name in ("project-a", "stars"))
    # The third version is of a fine-tuning, which is a project of its own.
    assert str(own.aliases["champion"]) == "2"
    assert own.tags["fovea.previous.champion"] == "1"
    assert str(shared.aliases["champion"]) == "1"
