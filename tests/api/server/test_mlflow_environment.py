"""The single process sets what `mlflow server` sets for its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import mlflow.cli
import mlflow.server
import pytest
from click.testing import CliRunner

from api.errors import StartError
from api.server.mlflow_environment import open_stores, server_environment
from api.server.mlflow_options import COMMAND, MlflowOptions, parse_options
from api.server.process import uvicorn_arguments
from tests.ports import LOOPBACK

OURS_ALONE = {"gunicorn_opts", "waitress_opts", "dev"}
"""Options of other servers, which Fovea's application cannot run on; `fovea serve` refuses them."""

BASE = ("--app-name", "fovea", "--host", LOOPBACK, "--port", "5999", "--workers", "1")

CASES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "nothing named": ((), {}),
    "stores": (
        (
            *("--default-artifact-root", "s3://bucket", "--artifacts-destination", "file:///a"),
            *("--registry-store-uri", "sqlite:///registry.db", "--no-serve-artifacts"),
        ),
        {},
    ),
    "stores by environment": (
        (),
        {"MLFLOW_REGISTRY_STORE_URI": "sqlite:///r.db", "MLFLOW_ARTIFACTS_DESTINATION": "/tmp/a"},
    ),
    "a prefix and metrics": (("--static-prefix", "/ml", "--expose-prometheus", "metrics"), {}),
    "security": (
        (
            "--allowed-hosts",
            "a.example",
            "--cors-allowed-origins",
            "*",
            "--x-frame-options",
            "DENY",
        ),
        {},
    ),
    "no security": (("--disable-security-middleware",), {}),
    "security by environment": ((), {"MLFLOW_SERVER_ALLOWED_HOSTS": "b.example"}),
    "workspaces": (("--enable-workspaces", "--workspace-store-uri", "sqlite:///w.db"), {}),
    "a flag's variable that says false": ((), {"MLFLOW_ENABLE_WORKSPACES": "false"}),
    "secrets": (("--secrets-cache-ttl", "30", "--secrets-cache-max-size", "5"), {}),
    "uvicorn": (("--uvicorn-opts", "--log-level debug --log-config 'a b.yaml'"), {}),
    "several processes": (("--workers", "3"), {}),
    "artifacts alone": (
        ("--artifacts-only", "--backend-store-uri", "sqlite:///mlflow.db"),
        {},
    ),
}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Records the process that `mlflow server` would start, without starting it."""
    seen: dict[str, Any] = {}

    class Ended:
        def poll(self) -> int:
            return 0

        def wait(self) -> int:
            return 0

    def start(command: list[str], extra_env: dict[str, str], **_: object) -> Ended:
        seen.update(command=command, environment={**os.environ, **extra_env})
        return Ended()

    monkeypatch.setattr(mlflow.server, "_exec_cmd", start)
    monkeypatch.setattr("mlflow.server.signal.signal", lambda *_: None)
    for name in ("initialize_backend_stores", "initialize_workspace_store"):
        monkeypatch.setattr(f"mlflow.server.handlers.{name}", lambda *_, **__: None)
    monkeypatch.setattr(
        "mlflow.tracing.trace_rollup_service.validate_sql_trace_rollup_startup", lambda _: None
    )
    return seen


@pytest.mark.parametrize("name", CASES)
def test_the_environment_is_that_of_mlflows_own_command(
    name: str, started: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options, variables = CASES[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    for variable in ("MLFLOW_TRACKING_URI", "MLFLOW_BACKEND_STORE_URI"):
        os.environ.pop(variable, None)
    os.environ.update({"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **variables})
    before = dict(os.environ)
    parsed = parse_options([*BASE, *options])
    ours = {**before, **server_environment(parsed)}

    result = CliRunner(env=None).invoke(mlflow.cli.cli, ["server", *BASE, *options])

    assert result.exit_code == 0, result.output
    theirs = started["environment"]
    boot_ids = ours.pop("_MLFLOW_SERVER_BOOT_ID"), theirs.pop("_MLFLOW_SERVER_BOOT_ID")
    assert all(re.fullmatch("[0-9a-f]{32}", boot_id) for boot_id in boot_ids)
    assert ours == theirs
    assert started["command"] == [sys.executable, "-m", "uvicorn", *uvicorn_arguments(parsed)]


def test_every_option_of_mlflows_command_is_taken() -> None:
    theirs = {option.name: option for option in mlflow.cli.server.params}
    ours = {option.name: option for option in COMMAND.params}

    assert set(ours) == set(theirs) - OURS_ALONE == {field.name for field in fields(MlflowOptions)}
    for name, option in ours.items():
        assert _facts(option) == _facts(theirs[name])


def _facts(option: click.Parameter) -> dict[str, object]:
    left_out = {"help", "metavar", "show_default", "hidden", "deprecated"}
    facts = option.to_info_dict()
    if option.name == "app_name":
        # MLflow lists the applications that are installed; ours come from `fovea` itself.
        left_out.add("type")
    return {name: fact for name, fact in facts.items() if name not in left_out}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--static-prefix", "ml"), "must begin with"),
        (("--secrets-cache-ttl", "5"), "not in the range"),
        (("--artifacts-only", "--backend-store-uri", "sqlite:///x.db"), "artifacts-only"),
        (("--no-such-option",), "No such option"),
    ],
)
def test_what_mlflow_refuses_is_refused_in_its_words(
    options: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(click.UsageError, match=sentence):
        server_environment(parse_options([*BASE, *options]))


def test_a_store_that_cannot_be_opened_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options = parse_options([*BASE, "--backend-store-uri", f"sqlite:///{tmp_path}/no/such/m.db"])
    environment = server_environment(options)
    monkeypatch.setattr(os, "environ", {**os.environ, **environment})
    (tmp_path / "no").write_text("a file where a folder should be")

    with pytest.raises(StartError, match="MLflow cannot open its stores: "):
        open_stores(options, environment)


def test_a_bad_option_ends_the_command_with_one_sentence(tmp_path: Path) -> None:
    ended = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "fovea"), "serve", "--port", "5998"),
            *("--", "--secrets-cache-ttl", "5"),
        ],
        env={**os.environ, "FOVEA_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith("fovea: Invalid value for '--secrets-cache-ttl'")
