"""The Host of a request decides, for Fovea's half and for MLflow's, whether it is meant for this server."""

import pytest
from mlflow.server.security_utils import INVALID_HOST_MSG
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from api.middleware.admission import load_admission
from api.middleware.allowed_hosts import AllowedHosts, load_allowed_hosts
from api.middleware.dispatcher import PathDispatcher

ALLOWED_HOSTS = "MLFLOW_SERVER_ALLOWED_HOSTS"
REBOUND = ["10.evil.example", "192.168.evil.example", "172.16.evil.example:5000", "fc00:evil"]


@pytest.fixture(autouse=True)
def defaults_of_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", raising=False)
    monkeypatch.delenv(ALLOWED_HOSTS, raising=False)


def admits(hosts: AllowedHosts, host: str) -> bool:
    scope = {"type": "http", "path": "/", "headers": [(b"host", host.encode("latin-1"))]}
    return hosts.refuse(scope) is None


@pytest.mark.parametrize(
    ("listed", "host", "is_admitted"),
    [
        ("fovea.example", "fovea.example", True),
        ("fovea.example", "fovea.example:5000", False),
        ("fovea.example:5000", "fovea.example:5000", True),
        ("fovea.example:*", "fovea.example:5000", True),
        ("fovea.example:*", "fovea.example:evil.example", False),
        ("app-*.internal.com", "app-7.internal.com", True),
        ("app-*.internal.com", "app-7.internal.com.evil.example", False),
        ("192.168.*", "192.168.0.7:5000", True),
        ("192.168.*", "192.168.evil.example", False),
        ("192.168.*:5000", "192.168.evil.example:5000", False),
        ("10.*.*.*", "10.a.evil.example", False),
        ("3*.example", "3d.example", True),
        ("[::1]:*", "[::1]:5000", False),
        ("*", "any.example", True),
        ("*", "", False),
        ("fovea.example", "fovea.example\xff", False),
    ],
)
def test_a_host_is_admitted_exactly_or_by_a_wildcard(
    monkeypatch: pytest.MonkeyPatch, listed: str, host: str, is_admitted: bool
) -> None:
    monkeypatch.setenv(ALLOWED_HOSTS, f"other.example, {listed}")

    assert admits(load_allowed_hosts(), host) == is_admitted


async def mlflow(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"MLflow"})


async def unused(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("these paths are MLflow's")


@pytest.fixture
def client() -> TestClient:
    dispatcher = PathDispatcher(
        unused,
        live=unused,
        mlflow=mlflow,
        admission=load_admission(frozenset()),
        max_request_bytes=1000,
    )
    return TestClient(dispatcher, base_url="http://localhost:5000")


@pytest.mark.parametrize("host", [*REBOUND, "rebound.example", ""])
@pytest.mark.parametrize("path", ["/api/2.0/mlflow/runs/search", "/", "/get-artifact", "/graphql"])
def test_a_foreign_host_gets_mlflows_own_refusal(client: TestClient, host: str, path: str) -> None:
    response = client.get(path, headers={"Host": host})

    assert (response.status_code, response.text) == (403, INVALID_HOST_MSG)
    assert response.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("host", ["localhost:5000", "10.1.2.3:5000", "[::1]:5000"])
def test_mlflow_gets_what_is_meant_for_this_server(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).text == "MLflow"


def test_a_host_that_is_no_utf_8_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"Host": b"\xff\xfe"}).status_code == 403  # type: ignore[dict-item]


def test_probes_may_use_any_name(client: TestClient) -> None:
    assert client.get("/health", headers={"Host": "pod-7.cluster"}).text == "MLflow"


def test_a_socket_with_a_foreign_host_is_closed(client: TestClient) -> None:
    with (
        client.websocket_connect("/anything", headers={"Host": "10.evil.example"}) as socket,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        socket.receive_text()
    assert closed.value.code == 4403


def test_another_origin_is_mlflows_own_matter(client: TestClient) -> None:
    headers = {"Origin": "http://localhost:3000"}
    assert client.get("/", headers=headers).text == "MLflow"
