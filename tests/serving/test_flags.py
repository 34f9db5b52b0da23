"""The settings of the service, from flags, the environment and an MLproject."""

import shlex
from pathlib import Path

import pytest
from mlflow.projects._project_spec import load_project

from serving.__main__ import main
from serving.flags import parse_flags
from serving.settings import EngineKind, ServingSettings, StartError, is_loopback, load_settings

ROOT = Path(__file__).parents[2]


def test_flags_take_precedence_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_SERVING_PORT", "7")
    monkeypatch.setenv("FOVEA_SERVING_MAX_FILES", "3")
    monkeypatch.setenv("FOVEA_SERVING_ENGINE", "ray")
    settings = load_settings(**parse_flags(["--port", "8"], ""))

    assert (settings.port, settings.max_files, settings.engine) == (8, 3, EngineKind.RAY)


def test_help_names_every_setting_with_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_flags(["--help"], "")
    shown = "".join(capsys.readouterr().out.split())

    assert ended.value.code == 0
    for name in ServingSettings.model_fields:
        assert f"FOVEA_SERVING_{name.upper()}" in shown


def test_secrets_have_no_flag(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_flags(["--token", "secret"], "")
    monkeypatch.setenv("FOVEA_SERVING_TOKEN", "secret")

    assert "secret" not in repr(load_settings())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "example.org"])
def test_without_a_token_only_this_machine_is_served(
    host: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--host", host]) == 1
    assert "set FOVEA_SERVING_TOKEN" in capsys.readouterr().err
    monkeypatch.setenv("FOVEA_SERVING_TOKEN", "secret")
    assert load_settings(host=host).host == host


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_loopback_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    assert load_settings(host=host).token == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"port": "many"}, "FOVEA_SERVING_PORT or --port: .* but 'many' came"),
        ({"engine": "steam"}, "embedded.*ray"),
        ({"tls_key": "key.pem"}, "FOVEA_SERVING_TLS_CERTIFICATE .* belong together"),
        ({"max_active": "0"}, "FOVEA_SERVING_MAX_ACTIVE"),
        ({"replicas": "3", "max_replicas": "2"}, "MAX_REPLICAS is 2, below the 3 .* 0 for a fixed"),
    ],
)
def test_a_setting_that_cannot_be_is_named(given: dict[str, str], expected: str) -> None:
    with pytest.raises(StartError, match=expected):
        load_settings(**given)


def test_every_flag_is_a_parameter_of_the_entry_point_serve() -> None:
    entry_point = load_project(ROOT).get_entry_point("serve")
    words = shlex.split(entry_point.compute_command({"port": "7", "max_files": "3"}, None))

    assert words[:3] == ["python", "-m", "serving"]
    assert parse_flags(words[3:], "") == {"port": "7", "max_files": "3"}
    assert parse_flags(shlex.split(entry_point.compute_command({}, None))[3:], "") == {}
