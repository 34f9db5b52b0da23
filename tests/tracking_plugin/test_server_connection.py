"""A client reaches the same server in the same way as MLflow's own client does."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from tests.ports import LOOPBACK
from tracking_plugin.server_address import AddressError
from tracking_plugin.server_connection import proxy_for, server_connection
from tracking_plugin.server_environment import read_environment

PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


class _Server(HTTPServer):
    headers: Mapping[str, str]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.headers = dict(self.headers.items())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server((LOOPBACK, 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("USERNAME", "PASSWORD", "TOKEN", "INSECURE_TLS", "SERVER_CERT_PATH"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NETRC", "MLFLOW_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


TOKEN = {"MLFLOW_TRACKING_TOKEN": "t0ken"}
PAIR = {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "p@ss"}


@pytest.mark.parametrize("file", ["", "credentials", "netrc"])
@pytest.mark.parametrize("userinfo", ["", "bo:s%3Acret@", "bo:@"])
@pytest.mark.parametrize(
    "variables",
    [{}, TOKEN, PAIR, {**TOKEN, **PAIR}, {"MLFLOW_TRACKING_USERNAME": "ada"}],
)
def test_the_credentials_are_those_that_mlflows_client_sends(
    server: _Server,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: Mapping[str, str],
    userinfo: str,
    file: str,
) -> None:
    for name, value in {**variables, "MLFLOW_WORKSPACE": "clinic"}.items():
        monkeypatch.setenv(name, value)
    if file == "credentials":
        (tmp_path / ".mlflow").mkdir()
        text = "[mlflow]\nmlflow_tracking_username = eve\nmlflow_tracking_password = 1234\n"
        (tmp_path / ".mlflow" / "credentials").write_text(text)
    elif file == "netrc":
        (tmp_path / ".netrc").write_text(f"machine {LOOPBACK} login ned password 5678\n")
        (tmp_path / ".netrc").chmod(0o600)
    uri = f"http://{userinfo}{LOOPBACK}:{server.server_port}"

    http_request(get_default_host_creds(uri), "/health", "GET")
    ours = server_connection(uri).headers

    for name in ("Authorization", "X-MLFLOW-WORKSPACE"):
        assert ours.get(name) == server.headers.get(name)


@pytest.mark.parametrize(
    ("no_proxy", "url", "is_direct"),
    [
        ("10.0.0.0/8", "http://10.1.2.3:5000", True),
        ("10.0.0.0/8", "http://11.1.2.3:5000", False),
        ("localhost, 192.168.0.0/16", "https://192.168.7.7", True),
        ("example.com", "http://ml.example.com", True),
        (".example.com", "http://example.com", True),
        ("*", "http://host", True),
        ("", "http://host", False),
    ],
)
def test_no_proxy_may_name_networks_and_domains(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str, is_direct: bool
) -> None:
    monkeypatch.setenv("ALL_PROXY", "proxy:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)

    assert proxy_for(url) == (None if is_direct else "http://proxy:3128")


def test_certificates_are_checked_unless_mlflow_is_told_not_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checked = server_connection("https://host").tls
    assert checked is not None
    assert checked.verify_mode is ssl.CERT_REQUIRED
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(tmp_path))
    folder = server_connection("https://host").tls
    assert folder is not None
    assert folder.verify_mode is ssl.CERT_REQUIRED
    monkeypatch.delenv("MLFLOW_TRACKING_SERVER_CERT_PATH")
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "True")
    unchecked = server_connection("https://host").tls
    assert unchecked is not None
    assert unchecked.verify_mode is ssl.CERT_NONE
    assert server_connection("http://host").tls is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MLFLOW_TRACKING_SERVER_CERT_PATH", "/none.pem"),
        ("MLFLOW_TRACKING_SERVER_CERT_PATH", "cut.pem"),
        ("MLFLOW_TRACKING_CLIENT_CERT_PATH", "/none.pem"),
        ("MLFLOW_TRACKING_CLIENT_CERT_PATH", "cut.pem"),
        ("MLFLOW_TRACKING_INSECURE_TLS", "maybe"),
        ("MLFLOW_TRACKING_TOKEN", "top\nsecret"),
        ("MLFLOW_TRACKING_TOKEN", "topsécret"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cut.pem").write_text(PEM)
    monkeypatch.setenv(variable, value)

    with pytest.raises(AddressError, match=variable) as refused:
        server_connection("https://host")
    assert "secret" not in str(refused.value)


def test_a_line_break_after_the_token_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken\n")

    assert server_connection("http://host").headers == {"Authorization": "Bearer t0ken"}


def test_a_broken_credentials_file_is_named_and_not_quoted(tmp_path: Path) -> None:
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow" / "credentials").write_text("topsecret")

    with pytest.raises(AddressError, match=r"~/.mlflow/credentials cannot be read") as refused:
        read_environment()
    assert "topsecret" not in str(refused.value)


def test_no_representation_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:topsecret@proxy:3128")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "topsecret")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "topsecret")

    assert "topsecret" not in repr(read_environment())
    assert "topsecret" not in repr(server_connection("http://me:topsecret@host"))
