"""The command line that `fovea serve` builds from its options."""

import shlex
from pathlib import Path

import pytest
from sqlalchemy import make_url

from api.errors import StartError
from api.location import ROOT
from api.server.server_command import ServerRequest, server_command, sqlite_uri

DATA_DIR = Path("/srv/fovea")


def arguments(*options: str, **environment: str) -> list[str]:
    return server_command(request(*options), environment).arguments


def request(*options: str) -> ServerRequest:
    return ServerRequest(
        host="127.0.0.1", port=5000, workers=1, data_dir=DATA_DIR, mlflow_options=options
    )


def value_of(name: str, given: list[str]) -> str:
    assert given.count(name) == 1
    return given[given.index(name) + 1]


def test_stores_lie_in_the_data_directory() -> None:
    given = arguments()

    assert value_of("--backend-store-uri", given) == "sqlite:////srv/fovea/mlflow.db"
    assert value_of("--artifacts-destination", given) == "file:///srv/fovea/artifacts"


def test_stores_that_the_caller_names_are_used_instead() -> None:
    named = arguments(
        "--backend-store-uri=postgresql://db/fovea", "--default-artifact-root", "s3://b"
    )
    assert "--backend-store-uri" not in named
    assert "--artifacts-destination" not in named
    assert named[-3:] == [
        "--backend-store-uri=postgresql://db/fovea",
        "--default-artifact-root",
        "s3://b",
    ]

    by_environment = arguments(MLFLOW_BACKEND_STORE_URI="postgresql://db/fovea")
    assert "--backend-store-uri" not in by_environment
    assert "--artifacts-destination" in by_environment


@pytest.mark.parametrize("name", ["a b", "50%", "what?", "#1", "ü@:"])
def test_a_store_is_found_whatever_its_directory_is_called(name: str) -> None:
    path = Path("/srv") / name / "mlflow.db"

    assert make_url(sqlite_uri(path)).database == str(path)


def test_uvicorn_gets_our_options_beside_the_callers() -> None:
    words = shlex.split(value_of("--uvicorn-opts", arguments("--uvicorn-opts", "--ws none --h 1")))

    assert words[:4] == ["--ws", "none", "--h", "1"]
    assert words.count("--ws") == 1
    assert value_of("--ws-per-message-deflate", words) == "false"
    assert value_of("--app-dir", words) == str(ROOT)


def test_forwarded_headers_are_believed_only_where_a_proxy_is_named() -> None:
    assert "--no-proxy-headers" in shlex.split(value_of("--uvicorn-opts", arguments()))

    named = arguments("--uvicorn-opts", "--proxy-headers --forwarded-allow-ips 10.0.0.1")
    assert "--no-proxy-headers" not in shlex.split(value_of("--uvicorn-opts", named))


def test_mlflows_job_runner_is_off_unless_wanted() -> None:
    variable = "MLFLOW_SERVER_ENABLE_JOB_EXECUTION"

    usual, wanted = server_command(request(), {}), server_command(request(), {variable: "true"})

    assert usual.environment[variable] == "false"
    assert usual.arguments[1:3] == ["-m", "api.server"]
    assert wanted.environment[variable] == "true"
    assert wanted.arguments[1:4] == ["-m", "mlflow", "server"], "it starts the runner"


def test_our_packages_come_first_on_the_path() -> None:
    environment = server_command(request(), {"PYTHONPATH": "/other"}).environment

    assert environment["PYTHONPATH"] == f"{ROOT}:/other"
    assert environment["PYTHONSAFEPATH"] == "1"


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--port=1", "give it to `fovea serve` itself"),
        ("-h", "give it to `fovea serve` itself"),
        ("--app-name", "give it to `fovea serve` itself"),
        ("--gunicorn-opts=-w 4", "needs uvicorn"),
    ],
)
def test_options_that_would_undo_ours_are_refused(option: str, sentence: str) -> None:
    with pytest.raises(StartError, match=sentence):
        arguments(option)
