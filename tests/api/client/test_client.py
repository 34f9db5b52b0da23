"""The requests of both clients, and how they read the answers."""

import asyncio
import inspect
import json
from contextlib import aclosing, closing

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from api.client import AsyncFoveaClient, FoveaClient
from api.client.live import Link
from api.client.refusals import NotFoveaError, RequestRefusedError, ServerUnreachableError
from api.errors import ApiError
from tests.api.client.both_clients import Call
from tests.api.client.fake_stream import RUN_ID, TIMESTAMP, Ending, FakeStream, serving, updates
from tests.ports import LOOPBACK, free_port
from tests.servers import Server

POINT = {"metric": "train/loss", "value": 0.5, "step": 3, "timestamp": TIMESTAMP}
EPOCH = {
    "run_id": RUN_ID,
    "epoch": 2,
    "first_step": 101,
    "last_step": 200,
    "start_time": TIMESTAMP,
    "metrics": {},
}
REFUSAL = {
    "error": "There is no such run",
    "error_code": "NOT_FOUND",
    "details": "GET /api/metrics/latest",
    "timestamp": TIMESTAMP,
    "request_id": "abc",
}


def test_both_clients_have_the_same_methods() -> None:
    def signatures(client: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in inspect.getmembers(client, inspect.isfunction)
            if not name.startswith("_") and "close" not in name
        }

    assert signatures(FoveaClient) == signatures(AsyncFoveaClient)


HEALTH = {
    "version": "0.1.0",
    "mlflow_version": "3.17.2",
    "is_bus_connected": True,
    "num_sockets": 0,
    "num_unread_writes": 0,
    "num_run_failures": 0,
    "failing_runs": [],
}


@pytest.mark.parametrize(
    ("method", "arguments", "named", "path"),
    [
        ("runs", (), {}, "/api/runs"),
        (
            "runs",
            (),
            {"experiment": "a&b", "status": "paused", "limit": 3, "offset": 0},
            "/api/runs?experiment=a%26b&status=paused&limit=3&offset=0",
        ),
        ("history", (RUN_ID,), {"limit": 5}, f"/api/metrics/history?run_id={RUN_ID}&limit=5"),
        ("performance", ("val/a b?",), {}, "/api/metrics/performance/val/a%20b%3F"),
        ("epochs", (), {"offset": 2}, "/api/epochs?offset=2"),
    ],
)
def test_lists_are_requested_with_the_parameters_of_the_api(
    call: Call, method: str, arguments: tuple[object], named: dict[str, object], path: str
) -> None:
    with serving(FakeStream(answers={"/api": []})) as fake:
        found = call(fake.url, method, *arguments, **named)

    assert fake.requests == [path]
    assert (found.entries, found.total) == ([], 0)


@pytest.mark.parametrize(
    ("method", "arguments", "answer", "path"),
    [
        ("latest", (), {"run_id": RUN_ID, "step": 4}, "/api/metrics/latest"),
        ("epoch", (2, RUN_ID), EPOCH, f"/api/epochs/2?run_id={RUN_ID}"),
        (
            "compare_epochs",
            ([1, 2], ["loss", "val/f1"]),
            {"run_id": RUN_ID, "metrics": [], "epochs": []},
            "/api/compare/epochs?epochs=1%2C2&metrics=loss%2Cval%2Ff1",
        ),
        ("health", (), HEALTH, "/api/health"),
    ],
)
def test_answers_are_typed(
    call: Call, method: str, arguments: tuple[object], answer: dict[str, object], path: str
) -> None:
    with serving(FakeStream(answers={"/api": answer})) as fake:
        received = call(fake.url, method, *arguments)

    assert fake.requests == [path]
    assert answer.items() <= received.model_dump(mode="json", exclude_unset=True).items()


def test_a_list_has_the_number_of_entries_on_all_pages(call: Call) -> None:
    def answer(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(200, json.dumps([POINT]))
        response.headers["X-Total-Count"] = "1234"
        return response

    with serving(FakeStream(), answer) as fake:
        found = call(fake.url, "performance", "loss", limit=1)

    assert found.total == 1234
    assert found.entries[0].value == 0.5


def test_a_path_prefix_is_kept(call: Call) -> None:
    with serving(FakeStream(answers={"/team/fovea/api/runs": []})) as fake:
        assert call(f"{fake.url}/team/fovea/", "runs").entries == []


def test_a_refusal_is_raised_with_the_servers_message(call: Call) -> None:
    def answer(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(404, json.dumps(REFUSAL))

    with (
        serving(FakeStream(), answer) as fake,
        pytest.raises(RequestRefusedError, match=r"^There is no such run$") as refused,
    ):
        call(fake.url, "latest", RUN_ID)

    assert refused.value.status == 404
    assert refused.value.error_code == "NOT_FOUND"
    assert refused.value.request_id == "abc"


def test_a_wrong_field_is_named(call: Call) -> None:
    refusal = REFUSAL | {"error": "A value is wrong", "details": "query.limit: 0 is too small"}

    def answer(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(422, json.dumps(refusal))

    with (
        serving(FakeStream(), answer) as fake,
        pytest.raises(RequestRefusedError, match=r"A value is wrong: query\.limit: 0"),
    ):
        call(fake.url, "runs", limit=0)


@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        (404, "<html>", NotFoveaError, "answered with status 404, but not by Fovea"),
        (502, "", NotFoveaError, "answered with status 502"),
        (200, "<html>", NotFoveaError, "unexpected form"),
        (200, '{"runs": []}', NotFoveaError, "unexpected form"),
        (401, "", RequestRefusedError, "MLFLOW_TRACKING_TOKEN"),
    ],
)
def test_an_answer_that_is_not_from_fovea_is_recognised(
    call: Call, status: int, body: str, error: type[ApiError], message: str
) -> None:
    def answer(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(status, body)

    with serving(FakeStream(), answer) as fake, pytest.raises(error, match=message):
        call(fake.url, "runs")


def test_an_unreachable_server_is_named(call: Call) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"

    with pytest.raises(ServerUnreachableError, match=rf"answers at {url} \("):
        call(url, "health")


def test_credentials_are_sent_with_requests_and_sockets() -> None:
    received: list[str | None] = []

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        received.append(request.headers.get("Authorization"))
        return None if request.path == "/ws" else connection.respond(200, "[]")

    with (
        serving(FakeStream(), answer) as fake,
        FoveaClient(fake.url, headers={"Authorization": "Bearer t"}) as client,
    ):
        client.runs()
        with closing(client.watch()) as messages:
            next(messages)

    assert received == ["Bearer t", "Bearer t"]


def test_watching_continues_after_a_lost_connection() -> None:
    links: list[Link] = []
    fake = FakeStream(events=updates(4), endings=[Ending(2)])

    with (
        serving(fake),
        FoveaClient(fake.url) as client,
        closing(client.watch(RUN_ID, on_link=links.append)) as messages,
    ):
        offsets = [next(messages).offset for _ in range(5)]

    assert offsets == [0, 1, 2, 3, 4]
    assert [link.is_live for link in links] == [True, False, True]


def test_watching_continues_after_a_lost_connection_in_asyncio() -> None:
    async def watch(url: str) -> list[int]:
        async with (
            AsyncFoveaClient(url) as client,
            aclosing(client.watch(RUN_ID)) as messages,
        ):
            return [(await anext(messages)).offset for _ in range(5)]

    with serving(FakeStream(events=updates(4), endings=[Ending(2)])) as fake:
        assert asyncio.run(watch(fake.url)) == [0, 1, 2, 3, 4]


def test_a_real_server_answers(call: Call, server: Server) -> None:
    assert call(server.url, "health").status == "ok"
    assert call(server.url, "metric_catalog").by_name["val/loss"].direction == "lower"
