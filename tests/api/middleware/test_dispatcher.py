"""Which application gets a request, also behind MLflow's path prefix and behind a proxy's."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from api.middleware.admission import load_admission
from api.middleware.dispatcher import PathDispatcher
from api.middleware.paths import placed_path, relative_location
from api.routes.own_address import own_url

PREFIX = "/team/ml"


async def own(request: Request) -> Response:
    return JSONResponse({"by": "own", "base": own_url(request.scope)})


async def mlflow(scope: Scope, receive: Receive, send: Send) -> None:
    await JSONResponse({"by": "mlflow", "path": scope["path"]})(scope, receive, send)


async def live(scope: Scope, receive: Receive, send: Send) -> None:
    socket = WebSocket(scope, receive, send)
    await socket.accept()
    await socket.send_text("live")
    await socket.close()


async def control(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(socket.path_params["run_id"])
    await socket.close()


def client_of(prefix: str) -> TestClient:
    routes = [
        Route("/api/runs", own),
        WebSocketRoute("/api/v1/runs/{run_id}/control", control),
        Mount("/monitor", Starlette(routes=[Route("/", own), Route("/panel.js", own)])),
    ]
    app = PathDispatcher(
        Starlette(routes=routes),
        live=live,
        mlflow=mlflow,
        admission=load_admission(frozenset()),
        max_request_bytes=1000,
        prefix=prefix,
    )
    return TestClient(app, base_url="http://localhost:5000")


@pytest.mark.parametrize("prefix", ["", "/ml", PREFIX, "/api", "/monitor"])
@pytest.mark.parametrize("path", ["/api/runs", "/monitor/", "/monitor/panel.js"])
def test_own_paths_are_behind_mlflows_prefix(prefix: str, path: str) -> None:
    answer = client_of(prefix).get(prefix + path)

    assert answer.status_code == 200
    assert answer.json()["by"] == "own"
    if not path.startswith("/monitor"):
        # Jobs are told this address.
        assert answer.json()["base"] == f"http://localhost:5000{prefix}"


@pytest.mark.parametrize(
    "path", ["/", "/api/2.0/mlflow/runs/get", "/get-artifact", "/health", "/apiary", "/monitors"]
)
@pytest.mark.parametrize("prefix", ["", "/ml", PREFIX, "/api"])
def test_mlflows_paths_reach_it_unchanged(prefix: str, path: str) -> None:
    answer = client_of(prefix).get(prefix + path).json()

    assert answer == {"by": "mlflow", "path": prefix + path}


def test_the_api_is_also_answered_without_the_prefix_and_knows_its_own_address() -> None:
    assert client_of(PREFIX).get("/api/runs").json() == {
        "by": "own",
        "base": f"http://localhost:5000{PREFIX}",
    }


@pytest.mark.parametrize("path", ["/monitor", "/monitor/", "/monitor/panel.js"])
def test_a_page_without_the_prefix_is_redirected_behind_it(path: str) -> None:
    client = client_of(PREFIX)

    redirected = client.get(path, follow_redirects=False)
    assert not redirected.headers["location"].startswith("/")
    assert client.get(path).status_code == 200


def test_a_redirection_is_admitted_like_any_request() -> None:
    refused = client_of(PREFIX).get(
        "/monitor/", headers={"Origin": "https://evil.example"}, follow_redirects=False
    )

    assert refused.status_code == 403


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_sockets_are_behind_the_prefix(prefix: str) -> None:
    client, headers = client_of(prefix), {"Host": "localhost:5000"}

    with client.websocket_connect(f"{prefix}/ws", headers=headers) as socket:
        assert socket.receive_text() == "live"
    path = f"{prefix}/api/v1/runs/r1/control"
    with client.websocket_connect(path, headers=headers) as socket:
        assert socket.receive_text() == "r1"


def test_answers_of_the_api_are_not_cached_behind_a_prefix_either() -> None:
    assert client_of(PREFIX).get(f"{PREFIX}/api/runs").headers["Cache-Control"] == "no-store"


def test_a_prefix_is_a_whole_part_of_the_path() -> None:
    assert placed_path("/mlx/api/runs", "/ml").path == "/mlx/api/runs"
    assert placed_path("/ml", "/ml").path == "/ml"
    assert placed_path("/ml/ml/x", "/ml").path == "/ml/x"


@pytest.mark.parametrize(
    ("path", "target", "location"),
    [("/monitor", "/ml/monitor", "ml/monitor"), ("/monitor/a/b", "/ml/x", "../../ml/x")],
)
def test_a_location_is_relative_to_the_path(path: str, target: str, location: str) -> None:
    assert relative_location(path, target) == location
