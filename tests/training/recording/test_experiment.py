"""Which experiment a new run is in: the flag wins, then MLflow's own order."""

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.mlflow_database import new_store
from training.config import LaunchConfig
from training.errors import ConfigError, TrackingError
from training.recording.experiment import ExperimentChoice, choose_experiment, find_or_create
from training.recording.mlflow_names import require_names
from training.recording.run_record import create_run, find_run
from training.settings import TrainingSettings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> MlflowClient:
    return MlflowClient(new_store(tmp_path_factory.mktemp("store")))


@pytest.mark.parametrize(
    ("flag", "name", "experiment_id", "chosen"),
    [
        ("", "", "", ExperimentChoice(name="retinal")),
        ("study", "", "", ExperimentChoice(name="study")),
        ("study", "other", "7", ExperimentChoice(name="study")),
        ("retinal", "other", "7", ExperimentChoice(name="retinal")),
        ("", "other", "", ExperimentChoice(name="other")),
        ("", "", " 7 ", ExperimentChoice(id="7")),
        ("", "other", "7", ExperimentChoice(name="other", id="7")),
        ("", "  ", "", ExperimentChoice(name="retinal")),
    ],
)
def test_the_flag_wins_then_the_environment_then_the_default(
    flag: str,
    name: str,
    experiment_id: str,
    chosen: ExperimentChoice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", name)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment_id)
    launch = LaunchConfig.parse({"experiment_name": flag} if flag else {})
    settings = TrainingSettings()

    assert chosen == choose_experiment(
        name=launch.experiment_name,
        is_named="experiment_name" in launch.model_fields_set,
        name_in_environment=settings.experiment_name,
        id_in_environment=settings.experiment_id,
    )


def test_a_name_is_found_or_created(client: MlflowClient) -> None:
    created = find_or_create(client, ExperimentChoice(name="new"))

    assert client.get_experiment(created).tags["mlflow.experimentKind"]
    assert find_or_create(client, ExperimentChoice(name="new")) == created
    assert find_or_create(client, ExperimentChoice(name="new", id=created)) == created
    assert find_or_create(client, ExperimentChoice(id=created)) == created


def test_a_name_and_an_id_of_two_experiments_are_refused(client: MlflowClient) -> None:
    with pytest.raises(TrackingError, match="unset one of them"):
        find_or_create(client, ExperimentChoice(name="two", id="0"))


@pytest.mark.parametrize("unknown", ["9999", "-1", "study", "9" * 40, "0x1"])
def test_an_unknown_id_is_named(client: MlflowClient, unknown: str) -> None:
    with pytest.raises(
        TrackingError, match=f"MLFLOW_EXPERIMENT_ID is '{unknown}', but the tracking"
    ):
        find_or_create(client, ExperimentChoice(id=unknown))


def test_a_deleted_experiment_is_named(client: MlflowClient) -> None:
    deleted = find_or_create(client, ExperimentChoice(name="deleted"))
    client.delete_experiment(deleted)

    for choice in (ExperimentChoice(name="deleted"), ExperimentChoice(id=deleted)):
        with pytest.raises(TrackingError, match="'deleted' is deleted; restore it"):
            find_or_create(client, choice)


def test_a_new_run_has_mlflows_tags_of_its_context(client: MlflowClient) -> None:
    record = create_run(client.tracking_uri, ExperimentChoice(name="context"), "run")

    tags = client.get_run(record.run_id).data.tags
    assert tags["mlflow.user"]
    assert tags["mlflow.source.name"]
    assert tags["mlflow.source.type"] == "LOCAL"


def test_a_run_that_another_program_has_created_gets_the_missing_tags(
    client: MlflowClient,
) -> None:
    record = create_run(client.tracking_uri, ExperimentChoice(name="context"), "")
    client.set_tag(record.run_id, "mlflow.user", "ada")
    client.delete_tag(record.run_id, "mlflow.source.name")
    bare = client.get_run(record.run_id)

    type(record)(client.tracking_uri, bare).starting()

    tags = client.get_run(record.run_id).data.tags
    assert tags["mlflow.user"] == "ada"
    assert tags["mlflow.source.name"]


@pytest.mark.parametrize("name", ["fovea/retina:v1", "a:b", "..", " ", "x" * 257])
def test_a_model_name_that_mlflow_refuses_is_refused_before_the_training(name: str) -> None:
    with pytest.raises(ConfigError, match="register_as"):
        require_names(register_as=name, experiment_name="study", run_name="")


def test_every_wrong_name_is_listed() -> None:
    with pytest.raises(ConfigError, match=r"register_as: .*; experiment_name: .*; run_name: "):
        require_names(register_as="a/b", experiment_name="x" * 501, run_name="x" * 251)


def test_names_in_any_language_are_accepted(client: MlflowClient) -> None:
    name = "दृष्टि 👁\u200d🗨 étude"

    require_names(register_as=name, experiment_name=name, run_name=name)
    client.create_registered_model(name)


def test_a_run_that_the_server_refuses_is_a_sentence(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("no such workspace")

    monkeypatch.setattr(MlflowClient, "create_run", refuse)

    with pytest.raises(TrackingError, match="did not create the run: no such workspace"):
        create_run(client.tracking_uri, ExperimentChoice(name="refused"), "")


def test_the_beginning_of_an_id_names_its_run(client: MlflowClient) -> None:
    runs = [client.create_run("0").info.run_id for _ in range(17)]
    alike = next(it for it in runs if sum(other[0] == it[0] for other in runs) > 1)

    assert find_run(client.tracking_uri, f" {runs[0][:12].upper()} ").info.run_id == runs[0]
    assert find_run(client.tracking_uri, runs[0]).info.run_id == runs[0]
    with pytest.raises(ConfigError, match="several runs have an id that begins with"):
        find_run(client.tracking_uri, alike[0])
    for unknown in ("0" * 31, "0" * 32, "study", "a/b", "%"):
        with pytest.raises(TrackingError, match="There is no run"):
            find_run(client.tracking_uri, unknown)
