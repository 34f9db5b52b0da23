"""Which server the client uses, and with which credentials."""

import pytest

from api.client.server_address import AddressError, server_address


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URI", "USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)


def test_an_explicit_url_wins_over_the_tracking_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:1")

    assert server_address().url == "http://tracking:1"
    assert server_address("https://named/fovea/").url == "https://named/fovea"


def test_without_any_address_the_server_of_this_machine_is_used() -> None:
    assert server_address().url == "http://127.0.0.1:5000"


@pytest.mark.parametrize("uri", ["", " ", "sqlite:///mlflow.db", "databricks", "./mlruns"])
def test_a_tracking_uri_that_is_not_a_server_is_refused_and_not_replaced(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)

    with pytest.raises(AddressError, match=r"^MLFLOW_TRACKING_URI: .* name the server with --url"):
        server_address()


@pytest.mark.parametrize("url", ["", "fovea", "ftp://fovea", "http://", "http://[1"])
def test_an_invalid_address_is_named(url: str) -> None:
    with pytest.raises(AddressError, match=r"expected one like http://127\.0\.0\.1:5000"):
        server_address(url)


@pytest.mark.parametrize(
    "uri", [" HTTP://Other:5001", "HTTP://other:5001/ ", "\thttp://other:5001\n"]
)
def test_blanks_and_capitals_name_the_same_server(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)

    assert server_address().url == "http://other:5001"


def test_a_password_is_sent_but_not_shown() -> None:
    address = server_address("https://me:s%20cret@fovea:8443/x")

    assert address.url == "https://fovea:8443/x"
    assert address.headers == {"Authorization": "Basic bWU6cyBjcmV0"}
    assert "Basic" not in repr(address)
    with pytest.raises(AddressError) as refused:
        server_address("ftp://me:secret@fovea")
    assert "secret" not in str(refused.value)


def test_credentials_come_from_mlflows_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t")
    assert server_address().headers == {"Authorization": "Bearer t"}

    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "s cret")
    assert server_address().headers == {"Authorization": "Basic bWU6cyBjcmV0"}
    assert server_address(headers={"Authorization": "x"}).headers == {"Authorization": "x"}


@pytest.mark.parametrize(
    ("url", "socket_url"),
    [
        ("http://fovea:5000", "ws://fovea:5000/ws?run_id=r&since=e%2B:4"),
        ("https://fovea/team", "wss://fovea/team/ws?run_id=r&since=e%2B:4"),
    ],
)
def test_sockets_use_the_same_address(url: str, socket_url: str) -> None:
    query = {"run_id": "r", "since": "e+:4"}

    assert server_address(url).socket_url("/ws", query) == socket_url
