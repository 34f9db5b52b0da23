"""Whether the tracking server is asked as MLflow's client asks it, and what its answers mean."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from unittest.mock import Mock

import mlflow
import pytest
import requests

from tests.certificates import self_signed
from tests.ports import LOOPBACK, free_port
from training.errors import TrackingError
from training.recording import tracking_server
from training.recording.tracking_server import open_tracking_server, require_reachable

MLFLOW = (200, "application/json", '{"experiments": []}')


class AnyServer(HTTPServer):
    """Answers everything in one way, and keeps what it was asked."""

    answer = MLFLOW
    authorization: str | None = None
    paths: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: AnyServer

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.server.authorization = self.headers.get("Authorization")
        status, kind, text = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@pytest.fixture
def server() -> Iterator[AnyServer]:
    with AnyServer((LOOPBACK, 0), _Handler) as server:
        server.paths = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _environment_of_this_test_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        # Set first, so that the value which the program sets is removed again.
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", "x")
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(tracking_server, "RETRY_INTERVAL_S", 0)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type] # MLflow unsets it with None
    yield
    mlflow.set_tracking_uri(before)


def uri_of(server: AnyServer, userinfo: str = "") -> str:
    return f"http://{userinfo}{LOOPBACK}:{server.server_port}"


def test_a_password_moves_from_the_uri_to_mlflows_variables_and_is_sent(
    server: AnyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f" {uri_of(server, 'ada:p%40ss@')}/ml/ ")

    uri = open_tracking_server()

    assert uri == uri_of(server) + "/ml"
    assert mlflow.get_tracking_uri() == uri
    assert os.environ["MLFLOW_TRACKING_URI"] == uri
    assert os.environ["MLFLOW_TRACKING_USERNAME"] == "ada"
    assert os.environ["MLFLOW_TRACKING_PASSWORD"] == "p@ss"
    assert server.authorization == "Basic YWRhOnBAc3M="
    assert server.paths == ["/ml/api/2.0/mlflow/experiments/search?max_results=1"]


@pytest.mark.parametrize(
    ("answer", "reason", "num_requests"),
    [
        ((401, "text/plain", "no"), "refuses this user .HTTP status 401.: check MLFLOW", 1),
        ((403, "text/plain", "no"), "refuses this user", 1),
        ((404, "text/html", "<html>"), "path prefix", 1),
        ((200, "text/html", "<html>log in"), "does not answer as MLflow does", 1),
        ((200, "application/json", "[]"), "does not answer as MLflow does", 1),
        ((503, "text/plain", "starting"), "No MLflow server answers .* .HTTP status 503", 3),
        ((429, "text/plain", "busy"), "No MLflow server answers", 3),
    ],
)
def test_an_answer_is_judged_by_what_it_means(
    server: AnyServer, answer: tuple[int, str, str], reason: str, num_requests: int
) -> None:
    server.answer = answer

    with pytest.raises(TrackingError, match=reason):
        require_reachable(uri_of(server))
    assert len(server.paths) == num_requests


def test_a_redirection_is_named_because_mlflows_writes_would_not_survive_it() -> None:
    response = requests.Response()
    response.status_code, response.url = 200, f"https://other{tracking_server.QUESTION}"
    response.history = [requests.Response()]

    problem = tracking_server.judged(response)

    assert problem is not None
    assert "redirects to https://other: set MLFLOW_TRACKING_URI" in problem.text
    assert problem.is_final


def test_an_unreachable_server_is_asked_three_times() -> None:
    uri = f"http://{LOOPBACK}:{free_port()}"

    with pytest.raises(TrackingError, match=f"No MLflow server answers at {uri}"):
        require_reachable(uri)


def test_a_certificate_that_is_not_trusted_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = self_signed(tmp_path)
    with AnyServer((LOOPBACK, 0), _Handler) as server:
        server.paths = []
        server.socket = signed.server.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        uri = f"https://{LOOPBACK}:{server.server_port}"
        with pytest.raises(TrackingError, match="MLFLOW_TRACKING_SERVER_CERT_PATH"):
            require_reachable(uri)
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(signed.certificate))
        require_reachable(uri)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_tracking_uri_is_refused_with_a_sentence(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", text)

    with pytest.raises(TrackingError, match="MLFLOW_TRACKING_URI is set, but empty"):
        open_tracking_server()


@pytest.mark.parametrize(
    "uri",
    [
        "http://ada:topsecret@127.0.0.1:9",
        "http://ada:topsecret@host:port",
        "http://ada:topsecret@host/#/experiments",
        "http://topsecret@127.0.0.1",
        "http://:topsecret@127.0.0.1",
    ],
)
def test_no_message_shows_the_password(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)

    with pytest.raises(TrackingError) as refused:
        open_tracking_server()
    assert "topsecret" not in str(refused.value)


def test_a_store_without_a_server_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Mock()
    monkeypatch.setattr(tracking_server, "MlflowClient", opened)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", " sqlite:///runs.db ")

    assert open_tracking_server() == "sqlite:///runs.db"
    opened.assert_called_once_with("sqlite:///runs.db")


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("localhost:5000", "expected http://localhost:5000"),
        ("10.0.0.5:5000/ml", "expected http://10.0.0.5:5000/ml"),
        ("[::1]:5000", "expected http://"),
        ("htp://ada:topsecret@host", "MLflow cannot open htp://host: "),
        ("sqlite:////dev/null/a.db", "MLflow cannot open sqlite:////dev/null/a.db: "),
        ("mysql+nothing://ada:topsecret@host/db", "MLflow cannot open mysql.nothing://host/db: "),
    ],
)
def test_a_store_that_mlflow_cannot_open_is_named(
    uri: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)

    with pytest.raises(TrackingError, match=reason) as refused:
        open_tracking_server()
    assert "topsecret" not in str(refused.value)
