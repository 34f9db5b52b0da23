"""All middleware together, in front of an application and on a real server."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Response
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from api.errors import install_error_handlers
from api.middleware import allowed_origins
from api.middleware.admission import load_admission
from api.middleware.stack import with_middleware
from tests.ports import LOOPBACK
from tests.servers import Server

LISTED = "https://ui.example"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> ASGIApp:
    for name in ("DISABLE_SECURITY_MIDDLEWARE", "ALLOWED_HOSTS", "X_FRAME_OPTIONS"):
        monkeypatch.delenv(f"MLFLOW_SERVER_{name}", raising=False)
    return guarded()


def guarded() -> ASGIApp:
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/api/long")
    async def get_long(response: Response) -> list[int]:
        response.headers["X-Total-Count"] = "1000"
        return [7] * 1000

    @app.get("/api/short")
    async def get_short(response: Response) -> str:
        response.headers["Cache-Control"] = "max-age=60"
        return "short"

    @app.get("/monitor/")
    async def get_page() -> str:
        return "page"

    @app.post("/api/failure")
    async def fail() -> None:
        raise RuntimeError("at the bottom")

    origins = frozenset({allowed_origins.Origin("https", "ui.example", 443)})
    app.add_middleware(with_middleware, load_admission(origins), max_request_bytes=1000)
    return app


@pytest.fixture
def client(app: ASGIApp) -> TestClient:
    return TestClient(app, base_url="http://localhost:5000", raise_server_exceptions=False)


def test_a_listed_origin_passes_the_preflight_and_can_read(client: TestClient) -> None:
    asks = {
        "Origin": LISTED,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-request-id",
    }
    may = client.options("/api/long", headers=asks)
    assert may.status_code == 200
    assert may.headers["Access-Control-Allow-Origin"] == LISTED
    assert "POST" in may.headers["Access-Control-Allow-Methods"]
    assert "x-request-id" in may.headers["Access-Control-Allow-Headers"]
    assert "Origin" in may.headers["Vary"]

    answer = client.get("/api/long", headers={"Origin": LISTED})
    assert answer.headers["Access-Control-Allow-Origin"] == LISTED
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"X-Request-ID", "X-Total-Count"} <= set(exposed)
    # There is no authentication, so browsers have no credentials to send.
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null"])
def test_another_origin_fails_the_preflight_and_cannot_read(
    client: TestClient, origin: str
) -> None:
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    for answer in (
        client.options("/api/long", headers=asks),
        client.get("/api/long", headers={"Origin": origin}),
        client.post("/api/failure", headers={"Origin": origin}),
    ):
        assert answer.status_code == 403
        assert answer.json()["error_code"] == "FORBIDDEN"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("headers", [{}, {"Origin": LISTED}, {"Origin": "http://localhost:5000"}])
def test_every_response_varies_with_the_origin(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/api/long", headers=headers)

    assert answer.is_success
    assert {"Origin", "Accept-Encoding"} <= set(answer.headers["Vary"].split(", "))


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/api/long", {}, b"", 200),
        ("GET", "/api/nothing", {}, b"", 404),
        ("GET", "/api/long", {"Host": "rebound.example"}, b"", 403),
        ("POST", "/api/failure", {}, b"1" * 1001, 413),
        ("POST", "/api/failure", {}, b"", 500),
    ],
)
def test_every_response_has_a_request_id_and_restricts_browsers(
    client: TestClient, method: str, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    request_headers = {**headers, "X-Request-ID": "request-7"}
    answer = client.request(method, path, headers=request_headers, content=body)

    assert answer.status_code == status
    assert answer.headers["X-Request-ID"] == "request-7"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "body", "status"), [("/api/failure", b"", 500), ("/api/failure", b"1" * 1001, 413)]
)
def test_a_listed_origin_can_read_error_responses(
    client: TestClient, path: str, body: bytes, status: int
) -> None:
    answer = client.post(path, content=body, headers={"Origin": LISTED})

    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == LISTED


def test_a_route_can_allow_caching(client: TestClient) -> None:
    assert client.get("/api/short").headers["Cache-Control"] == "max-age=60"
    assert "Cache-Control" not in client.get("/monitor/").headers


@pytest.mark.parametrize(("setting", "header"), [("deny", "DENY"), ("NONE", None)])
def test_frames_are_forbidden_as_mlflow_forbids_them(
    monkeypatch: pytest.MonkeyPatch, setting: str, header: str | None
) -> None:
    monkeypatch.setenv("MLFLOW_SERVER_X_FRAME_OPTIONS", setting)
    client = TestClient(guarded(), base_url="http://localhost:5000")

    assert client.get("/api/short").headers.get("X-Frame-Options") == header


def test_long_responses_are_compressed_for_clients_that_accept_it(client: TestClient) -> None:
    packed = client.get("/api/long", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json() == [7] * 1000

    assert "Content-Encoding" not in client.get("/api/short").headers
    plain = client.get("/api/long", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers


@pytest.fixture(scope="module")
def session(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        yield client


@pytest.mark.parametrize(
    "headers",
    [{"Host": "rebound.example"}, {"Origin": "null"}, {"Origin": "http://localhost:3000"}],
)
def test_the_server_admits_neither_foreign_hosts_nor_origins(
    session: httpx.Client, headers: dict[str, str]
) -> None:
    assert session.get("/api/health").headers["X-Content-Type-Options"] == "nosniff"

    answer = session.get("/api/health", headers=headers)

    assert answer.status_code == 403
    assert answer.json()["error_code"] == "FORBIDDEN"


def test_the_server_closes_sockets_of_foreign_origins(server: Server) -> None:
    address = f"ws://{LOOPBACK}:{server.port}/ws"
    with connect(address, origin=Origin(f"http://{LOOPBACK}:{server.port}")) as socket:
        assert "initial_state" in str(socket.recv(timeout=30))

    with (
        connect(address, origin=Origin("http://localhost:3000")) as socket,
        pytest.raises(ConnectionClosed) as closed,
    ):
        socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


def test_the_server_reads_no_more_than_its_limit(session: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(64):
            yield bytes(2**16)

    for content in (bytes(2**20 + 1), pieces()):
        answer = session.post("/api/health", content=content)
        # The path takes no body: a streamed one is refused for its method, without being read.
        assert answer.status_code in (405, 413)
    assert session.post("/api/health", content=bytes(2**20 + 1)).status_code == 413


def test_responses_of_mlflow_are_unchanged(session: httpx.Client) -> None:
    accepting = {"Accept-Encoding": "gzip", "Origin": "http://localhost:3000"}
    answer = session.get("/ajax-api/2.0/mlflow/experiments/get?experiment_id=0", headers=accepting)

    # MLflow lets pages of other local ports read: that is its own policy.
    assert answer.status_code == 200
    assert "Cache-Control" not in answer.headers
