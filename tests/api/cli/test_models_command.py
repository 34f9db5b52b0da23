"""`fovea models` lists versions, moves aliases and rolls them back."""

import io
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient
from rich.console import Console

from api.cli.model_registry import ModelRegistry
from api.cli.models_command import show_models, show_versions
from tests.api.cli.conftest import Fovea
from tests.ports import LOOPBACK, free_port
from tests.servers import Server

NUM_VERSIONS = 3


@pytest.fixture(scope="module")
def client(server: Server) -> MlflowClient:
    return MlflowClient(server.url)


@pytest.fixture
def name(client: MlflowClient, request: pytest.FixtureRequest) -> Iterator[str]:
    """A registered model with three versions; the first two come from a run with metrics."""
    model = f"model of {request.node.name}"[:200].replace("/", " ").replace(":", " ")
    client.create_registered_model(model)
    run = client.create_run("0", run_name="source run")
    client.log_metric(run.info.run_id, "val/accuracy", 0.91)
    client.log_metric(run.info.run_id, "val/f1", float("nan"))
    client.update_run(run.info.run_id, status="FINISHED")
    for number in range(NUM_VERSIONS):
        run_id = run.info.run_id if number < 2 else None
        source = f"s3://bucket/{number}"
        client.create_model_version(model, source, run_id=run_id, await_creation_for=0)
    yield model
    client.delete_registered_model(model)


def champion(client: MlflowClient, name: str) -> str | None:
    found: str | None = client.get_registered_model(name).aliases.get("champion")
    return found


def test_a_promoted_version_can_be_rolled_back(
    fovea: Fovea, server: Server, client: MlflowClient, name: str
) -> None:
    url = ("--url", server.url)
    first = fovea("models", "promote", name, "1", *url)
    assert (first.code, first.err) == (0, "")
    assert first.out == f"The alias champion of {name} moves to version 1.\n"
    second = fovea("models", "promote", name, "3", *url)
    assert second.out == f"The alias champion of {name} moves from version 1 to version 3.\n"
    assert champion(client, name) == "3"

    back = fovea("models", "rollback", name, *url)

    assert (back.code, back.err) == (0, "")
    assert back.out == f"The alias champion of {name} moves from version 3 to version 1.\n"
    assert champion(client, name) == "1"
    # Once more undoes the rollback.
    assert fovea("models", "rollback", name, *url).code == 0
    assert champion(client, name) == "3"


def test_aliases_have_histories_of_their_own(
    fovea: Fovea, server: Server, client: MlflowClient, name: str
) -> None:
    url = ("--url", server.url)
    for version in ("1", "2"):
        assert fovea("models", "promote", name, version, *url).code == 0
    for version in ("2", "3"):
        assert fovea("models", "promote", name, version, "--alias", "challenger", *url).code == 0
    assert fovea("models", "rollback", name, "--alias", "challenger", *url).code == 0
    assert client.get_registered_model(name).aliases == {"champion": "2", "challenger": "2"}


def test_promoting_the_champion_changes_nothing(
    fovea: Fovea, server: Server, client: MlflowClient, name: str
) -> None:
    url = ("--url", server.url)
    for version in ("1", "2", "2"):
        result = fovea("models", "promote", name, version, *url)
        assert result.code == 0
    assert "already" in result.out
    assert fovea("models", "rollback", name, *url).code == 0
    assert champion(client, name) == "1"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("promote", "no such model", "1"), "no registered model 'no such model'"),
        (("rollback", "no such model"), "no registered model 'no such model'"),
        (("list", "no such model"), "no registered model 'no such model'"),
        (("promote", "", "1"), "fovea: "),
    ],
)
def test_an_unknown_model_is_named(
    fovea: Fovea, server: Server, arguments: tuple[str, ...], reason: str
) -> None:
    result = fovea("models", *arguments, "--url", server.url)
    assert (result.code, result.out) == (1, "")
    assert reason in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("version", ["4", "0", "latest", "1.5", "9" * 20, "²", "٣"])
def test_an_unknown_version_is_refused(
    fovea: Fovea, server: Server, client: MlflowClient, name: str, version: str
) -> None:
    result = fovea("models", "promote", name, version, "--url", server.url)
    assert (result.code, result.out) == (1, "")
    assert result.err.count("\n") == 1
    assert champion(client, name) is None


def test_without_an_earlier_version_nothing_is_rolled_back(
    fovea: Fovea, server: Server, client: MlflowClient, name: str
) -> None:
    client.set_registered_model_alias(name, "champion", "2")
    result = fovea("models", "rollback", name, "--url", server.url)
    assert result.code == 1
    assert "No earlier version" in result.err
    assert champion(client, name) == "2"


def test_an_earlier_version_that_was_deleted_is_named(
    fovea: Fovea, server: Server, client: MlflowClient, name: str
) -> None:
    for version in ("1", "2"):
        fovea("models", "promote", name, version, "--url", server.url)
    client.delete_model_version(name, "1")
    result = fovea("models", "rollback", name, "--url", server.url)
    assert result.code == 1
    assert "has no version 1" in result.err
    assert champion(client, name) == "2"


def test_versions_are_listed_with_aliases_runs_and_metrics(
    fovea: Fovea, server: Server, client: MlflowClient, name: str
) -> None:
    client.set_registered_model_alias(name, "champion", "2")
    client.set_registered_model_alias(name, "best", "2")
    result = fovea("models", "list", name, "--url", server.url)
    rows = [line.split("\t") for line in result.out.splitlines()]
    assert [row[0] for row in rows] == ["3", "2", "1"]
    assert rows[1][1] == "best,champion"
    assert rows[1][4:] == ["0.91", "-", "-", "source run"]
    assert rows[0][1:3] == ["-", "-"]
    models = fovea("models", "list", "--url", server.url).out
    assert f"{name}\tbest=2,champion=2\t" in models


def test_a_terminal_shows_tables(server: Server, client: MlflowClient, name: str) -> None:
    client.set_registered_model_alias(name, "champion", "2")
    console = Console(file=io.StringIO(), force_terminal=True, width=200, no_color=True)
    with ModelRegistry(server.url) as registry:
        show_versions(registry, registry.model(name), console)
        show_models(list(registry.models()), console)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "source run" in shown
    assert "champion=2" in shown


def test_an_unreachable_server_is_one_sentence(fovea: Fovea) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"
    result = fovea("models", "list", "--url", url)
    assert result.code == 1
    assert result.err.startswith(f"fovea: No server answers at {url}")
