"""The settings of the server are read from the environment."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.errors import StartError
from api.middleware.allowed_origins import Origin
from api.settings import PREFIX, Settings, load_settings, split_urls


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def refusal_of(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(StartError) as refused:
        load_settings()
    return str(refused.value)


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = load_settings()

    assert settings.data_dir == Path(".fovea")
    assert settings.cors_origins == frozenset()
    assert settings.max_request_bytes == 2**20
    assert settings.max_sockets == 4096
    assert settings.bus_url == "memory://"
    assert settings.bus_retention == 20_000
    assert settings.ray_idle_s == 900
    assert settings.public_url == ""


def test_an_empty_variable_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_BUS_URL", "")
    monkeypatch.setenv("FOVEA_MAX_SOCKETS", "")

    assert load_settings() == Settings()


def test_the_folders_for_data_are_separated_by_colons(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().data_roots is None
    monkeypatch.setenv("FOVEA_DATA_ROOTS", "/data:/mnt/weights:")

    assert load_settings().data_roots == (Path("/data"), Path("/mnt/weights"))


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().max_sockets = 1


def test_origins_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_CORS_ORIGINS", "https://UI.example:443, http://localhost:3000,")

    assert load_settings().cors_origins == {
        Origin("https", "ui.example", 443),
        Origin("http", "localhost", 3000),
    }


@pytest.mark.parametrize(
    "listed",
    [
        "ui.example",
        "https://ui.example/",
        "null",
        "https://*.example",
        "https://a.example https://b",
    ],
)
def test_an_invalid_origin_is_refused(monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    problem = refusal_of(monkeypatch, "FOVEA_CORS_ORIGINS", f"https://good.example,{listed}")

    assert problem.startswith("FOVEA_CORS_ORIGINS: a list such as https://ui.example")
    assert listed in problem


def test_a_star_for_all_origins_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = refusal_of(monkeypatch, "FOVEA_CORS_ORIGINS", "*")

    assert problem.startswith("FOVEA_CORS_ORIGINS: * would admit the pages of every web site")


@pytest.mark.parametrize(
    "name",
    ["FOVEA_MAX_REQUEST_BYTES", "FOVEA_MAX_SOCKETS", "FOVEA_BUS_RETENTION", "FOVEA_OWNER_PID"],
)
@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_an_invalid_number_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    problem = refusal_of(monkeypatch, name, value)

    assert problem.startswith(f"{name}: ")
    assert problem.endswith(f"but '{value}' came")


def test_all_invalid_variables_are_named_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_MAX_SOCKETS", "none")
    problem = refusal_of(monkeypatch, "FOVEA_BUS_RETENTION", "none")

    assert "FOVEA_MAX_SOCKETS" in problem
    assert "FOVEA_BUS_RETENTION" in problem


@pytest.mark.parametrize(
    "url",
    [
        "memory://",
        "redis://:word@bus.example:6379/0",
        "rediss://user:w%2Fd@[::1]/1",
        "unix:///run/bus.sock?db=1",
    ],
)
def test_every_kind_of_bus_is_accepted(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("FOVEA_BUS_URL", url)

    assert load_settings().bus_url == url


@pytest.mark.parametrize(
    "url",
    [
        "hunter2",
        "kafka://:hunter2@bus.example",
        "redis:hunter2",
        "redis://:hunter2/x@bus.example",
        "redis://:hunter2@bus.example:port",
        "redis://:hunter2@bus.example:99999",
    ],
)
def test_an_invalid_bus_url_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    problem = refusal_of(monkeypatch, "FOVEA_BUS_URL", url)

    assert problem.startswith("FOVEA_BUS_URL: ")
    assert "expected" in problem
    assert "hunter2" not in problem
    assert "bus.example" not in problem


def test_settings_show_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_BUS_URL", "redis://:hunter2@bus.example")

    assert "hunter2" not in repr(load_settings())
    assert "hunter2" not in str(load_settings())


@pytest.mark.parametrize(
    ("listed", "urls"),
    [
        ("", []),
        ("json://a/x", ["json://a/x"]),
        ("json://a/x,json://b/y", ["json://a/x", "json://b/y"]),
        (" json://a/x ,\n  json://b/y\n", ["json://a/x", "json://b/y"]),
        ("json://a/x json://a/x", ["json://a/x"]),
        (
            "mailto://h/?to=a@b.co,c@d.co,json://h",
            ["mailto://h/?to=a@b.co,c@d.co", "json://h"],
        ),
    ],
)
def test_notify_urls_are_split_where_the_next_one_begins(listed: str, urls: list[str]) -> None:
    assert list(split_urls(listed)) == urls


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://fovea.example/", "https://fovea.example"),
        (" HTTP://10.0.0.5:5000 ", "http://10.0.0.5:5000"),
        ("http://[::1]:5000/lab/", "http://[::1]:5000/lab"),
    ],
)
def test_a_public_url_is_the_address_of_a_server(
    monkeypatch: pytest.MonkeyPatch, url: str, expected: str
) -> None:
    monkeypatch.setenv("FOVEA_PUBLIC_URL", url)

    assert load_settings().public_url == expected


@pytest.mark.parametrize(
    "url",
    [
        "fovea.example",
        "fovea.example:5000",
        "ftp://fovea.example",
        "javascript:alert(1)",
        "http://",
        "http://:5000",
        "http://[::1",
        "http://host:0",
        "http://host:port",
        "http://host:99999",
        "http://user:secret@host",
        "http://host?secret",
        "http://host#secret",
        "http://two words",
        "http://host\nSet-Cookie: a",
        "http://h\u00f6st",
    ],
)
def test_a_public_url_that_is_none_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    refusal = refusal_of(monkeypatch, "FOVEA_PUBLIC_URL", url)

    assert refusal.startswith("FOVEA_PUBLIC_URL: a URL such as https://mlflow.example")
    assert "secret" not in refusal


@pytest.mark.parametrize("idle_s", ["-1", "nan", "inf", "soon"])
def test_an_invalid_idle_time_is_refused(monkeypatch: pytest.MonkeyPatch, idle_s: str) -> None:
    assert "FOVEA_RAY_IDLE_S: " in refusal_of(monkeypatch, "FOVEA_RAY_IDLE_S", idle_s)


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e309", "-1", "9" * 30])
@pytest.mark.parametrize(
    "name",
    [name for name, field in Settings.model_fields.items() if field.annotation in (int, float)],
)
def test_every_number_is_finite_and_in_a_range(
    name: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"FOVEA_{name.upper()}", number)

    with pytest.raises(StartError, match=f"FOVEA_{name.upper()}: input should be"):
        load_settings()


@pytest.mark.parametrize(
    "address", ["localhost", "localhost:", ":50051", "host:99999", "http://host:1", "a/b:1"]
)
def test_the_address_of_the_diagnosis_service_is_a_host_and_a_port(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    assert "FOVEA_GRPC_ADDRESS" in refusal_of(monkeypatch, "FOVEA_GRPC_ADDRESS", address)


def test_the_token_of_the_diagnosis_service_is_in_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_SERVING_TOKEN", "secret")
    assert load_settings().serving_token == "secret"
    assert "secret" not in repr(load_settings())
