"""Requests and sockets are admitted by Host and Origin."""

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from api.errors import ForbiddenError, NotFoundError, StartError, close_code_of
from api.middleware.admission import (
    Admission,
    AdmissionMiddleware,
    admit,
    close_reason,
    load_admission,
)
from api.middleware.allowed_origins import Origin
from api.request_id import RequestIdMiddleware

DISABLE = "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE"
ALLOWED_HOSTS = "MLFLOW_SERVER_ALLOWED_HOSTS"
LISTED = "https://ui.example"


@pytest.fixture
def admission(monkeypatch: pytest.MonkeyPatch) -> Admission:
    monkeypatch.delenv(DISABLE, raising=False)
    monkeypatch.delenv(ALLOWED_HOSTS, raising=False)
    return load_admission(frozenset({Origin("https", "ui.example", 443)}))


def scope_of(*headers: tuple[str, str], scheme: str = "http", method: str = "GET") -> Scope:
    kind = "websocket" if scheme in ("ws", "wss") else "http"
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": kind, "scheme": scheme, "method": method, "path": "/api/x", "headers": raw}


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:5000",
        "127.0.0.1:5000",
        "[::1]:5000",
        "192.168.0.7:5000",
        "10.1.2.3",
        "172.31.0.1:80",
    ],
)
def test_by_default_this_machine_and_private_addresses_are_allowed_hosts(
    admission: Admission, host: str
) -> None:
    assert admit(scope_of(("host", host)), admission) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "rebound.example",
        "8.8.8.8",
        # These fit the patterns that MLflow has for private networks.
        "10.rebound.example",
        "192.168.rebound.example:5000",
        "localhost:rebound.example",
    ],
)
def test_by_default_no_host_name_is_allowed(admission: Admission, host: str) -> None:
    refused = admit(scope_of(("host", host)), admission)

    assert isinstance(refused, ForbiddenError)
    assert f"The Host {host!r} is not allowed" in str(refused)


def test_a_request_without_one_host_is_refused(admission: Admission) -> None:
    assert admit(scope_of(), admission) is not None
    assert admit(scope_of(("host", "localhost"), ("host", "localhost")), admission) is not None


def test_the_allowed_hosts_are_those_of_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED_HOSTS, "fovea.example, *.lab.example")
    admission = load_admission(frozenset())

    assert admit(scope_of(("host", "fovea.example")), admission) is None
    assert admit(scope_of(("host", "a.lab.example")), admission) is None
    assert admit(scope_of(("host", "localhost")), admission) is not None


def test_hosts_are_not_checked_if_mlflow_does_not_check_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(DISABLE, "true")
    admission = load_admission(frozenset())

    assert admit(scope_of(("host", "any.example")), admission) is None
    foreign = scope_of(("host", "any.example"), ("origin", "https://other.example"))
    assert admit(foreign, admission) is not None


@pytest.mark.parametrize(
    ("scheme", "host", "origin"),
    [
        ("http", "localhost:5000", "http://localhost:5000"),
        ("http", "localhost", "http://localhost"),
        ("http", "localhost:80", "http://localhost"),
        ("https", "localhost", "https://localhost:443"),
        ("http", "[::1]:5000", "http://[::1]:5000"),
        ("ws", "localhost:5000", "http://localhost:5000"),
        ("wss", "localhost", "https://localhost"),
        ("http", "localhost:5000", LISTED),
        ("ws", "localhost:5000", LISTED),
        ("http", "localhost:5000", f"{LISTED}:443"),
    ],
)
def test_the_server_s_own_origin_and_listed_ones_are_admitted(
    admission: Admission, scheme: str, host: str, origin: str
) -> None:
    assert admit(scope_of(("host", host), ("origin", origin), scheme=scheme), admission) is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://localhost:3000",
        "http://127.0.0.1:5000",
        "https://localhost:5000",
        "http://localhost",
        "https://evil.example",
        "http://ui.example",
        "https://ui.example:8443",
        "https://ui.example.evil.example",
        f"{LISTED} https://evil.example",
    ],
)
def test_every_other_origin_is_refused_for_every_request(
    admission: Admission, origin: str, method: str
) -> None:
    request = scope_of(("host", "localhost:5000"), ("origin", origin), method=method)

    refused = admit(request, admission)

    assert isinstance(refused, ForbiddenError)
    assert f"The Origin {origin!r} is not allowed" in str(refused)


def test_a_request_with_two_origins_is_refused(admission: Admission) -> None:
    request = scope_of(
        ("host", "localhost"), ("origin", LISTED), ("origin", "https://evil.example")
    )

    assert admit(request, admission) is not None


def test_the_scheme_that_a_proxy_reports_is_ignored(admission: Admission) -> None:
    request = scope_of(
        ("host", "localhost:5000"),
        ("origin", "https://localhost:5000"),
        ("x-forwarded-proto", "https"),
    )

    assert admit(request, admission) is not None


async def greet(scope: Scope, receive: Receive, send: Send) -> None:
    """An application with a request and a socket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "welcome"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"welcome"})


@pytest.fixture
def client(admission: Admission) -> TestClient:
    app = RequestIdMiddleware(AdmissionMiddleware(greet, admission))
    return TestClient(app, base_url="http://localhost:5000")


def test_a_refused_request_gets_an_error_response(client: TestClient) -> None:
    assert client.get("/api/x").text == "welcome"

    response = client.get("/api/x", headers={"Origin": "null"})

    assert response.status_code == 403
    assert response.json()["error_code"] == "FORBIDDEN"
    assert response.json()["details"] == "GET /api/x"
    assert response.json()["request_id"] == response.headers["X-Request-ID"]
    assert response.headers["Vary"] == "Origin"


def test_a_refused_socket_is_closed_with_a_code_that_browsers_see(client: TestClient) -> None:
    with client.websocket_connect("/ws", headers={"Host": "localhost:5000"}) as socket:
        assert socket.receive_text() == "welcome"

    headers = {"Host": "localhost:5000", "Origin": "https://evil.example"}
    with (
        client.websocket_connect("/ws", headers=headers) as socket,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        socket.receive_text()

    assert closed.value.code == 4403
    assert closed.value.reason.startswith("The Origin 'https://evil.example' is not allowed")


def test_close_codes_correspond_to_http_statuses() -> None:
    assert close_code_of(ForbiddenError()) == 4403
    assert close_code_of(NotFoundError()) == 4404
    assert close_code_of(StartError()) == 4500


def test_a_reason_fits_into_a_close_frame() -> None:
    reason = close_reason(ForbiddenError(f"a{'ü' * 100}"))

    assert reason == f"a{'ü' * 61}"
    assert len(reason.encode()) == 123
