"""The clients' questions and what becomes of the answers, blocking and asynchronous alike."""

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
from tests.api.client.both_clients import Ask
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


def test_both_clients_take_the_same_questions() -> None:
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
}


@pytest.mark.parametrize(
    ("question", "arguments", "named", "path"),
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
def test_lists_are_asked_for_as_the_api_names_them(
    ask: Ask, question: str, arguments: tuple[object], named: dict[str, object], path: str
) -> None:
    with serving(FakeStream(answers={"/api": []})) as fake:
        found = ask(fake.url, question, *arguments, **named)

    assert fake.requests == [path]
    assert (found.entries, found.total) == ([], 0)


@pytest.mark.parametrize(
    ("question", "arguments", "answer", "path"),
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
    ask: Ask, question: str, arguments: tuple[object], answer: dict[str, object], path: str
) -> None:
    with serving(FakeStream(answers={"/api": answer})) as fake:
        said = ask(fake.url, question, *arguments)

    assert fake.requests == [path]
    assert answer.items() <= said.model_dump(mode="json", exclude_unset=True).items()


def test_a_list_says_how_many_there_are_beyond_its_page(ask: Ask) -> None:
    def answer(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(200, json.dumps([POINT]))
        response.headers["X-Total-Count"] = "1234"
        return response

    with serving(FakeStream(), answer) as fake:
        found = ask(fake.url, "performance", "loss", limit=1)

    assert found.total == 1234
    assert found.entries[0].value == 0.5


def test_a_path_prefix_is_kept(ask: Ask) -> None:
    with serving(FakeStream(answers={"/team/fovea/api/runs": []})) as fake:
        assert ask(f"{fake.url}/team/fovea/", "runs").entries == []


def test_a_refusal_says_what_the_server_said(ask: Ask) -> None:
    def answer(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(404, json.dumps(REFUSAL))

    with (
        serving(FakeStream(), answer) as fake,
        pytest.raises(RequestRefusedError, match=r"^There is no such run$") as refused,
    ):
        ask(fake.url, "latest", RUN_ID)

    assert refused.value.status == 404
    assert refused.value.error_code == "NOT_FOUND"
    assert refused.value.request_id == "abc"


def test_a_wrong_field_is_named(ask: Ask) -> None:
    said = REFUSAL | {"error": "A value is wrong", "details": "query.limit: 0 is too small"}

    def answer(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(422, json.dumps(said))

    with (
        serving(FakeStream(), answer) as fake,
        pytest.raises(RequestRefusedError, match=r"A value is wrong: query\.limit: 0"),
    ):
        ask(fake.url, "runs", limit=0)


@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        (404, "<html>", NotFoveaError, "answered with 404, and not by Fovea"),
        (502, "", NotFoveaError, "answered with 502"),
        (200, "<html>", NotFoveaError, "something else than expected"),
        (200, '{"runs": []}', NotFoveaError, "something else than expected"),
        (401, "", RequestRefusedError, "MLFLOW_TRACKING_TOKEN"),
    ],
)
def test_another_server_than_fovea_is_told_apart(
    ask: Ask, status: int, body: str, error: type[ApiError], message: str
) -> None:
    def answer(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(status, body)

    with serving(FakeStream(), answer) as fake, pytest.raises(error, match=message):
        ask(fake.url, "runs")


def test_a_server_that_is_not_there_is_named(ask: Ask) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"

    with pytest.raises(ServerUnreachableError, match=rf"answers at {url} \("):
        ask(url, "health")


def test_credentials_go_along_on_requests_and_sockets() -> None:
    seen: list[str | None] = []

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        seen.append(request.headers.get("Authorization"))
        return None if request.path == "/ws" else connection.respond(200, "[]")

    with (
        serving(FakeStream(), answer) as fake,
        FoveaClient(fake.url, headers={"Authorization": "Bearer t"}) as client,
    ):
        client.runs()
        with closing(client.watch()) as messages:
            next(messages)

    assert seen == ["Bearer t", "Bearer t"]


def test_watching_goes_on_over_a_lost_connection() -> None:
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


def test_watching_goes_on_over_a_lost_connection_in_asyncio() -> None:
    async def watch(url: str) -> list[int]:
        async with (
            AsyncFoveaClient(url) as client,
            aclosing(client.watch(RUN_ID)) as messages,
        ):
            return [(await anext(messages)).offset for _ in range(5)]

    with serving(FakeStream(events=updates(4), endings=[Ending(2)])) as fake:
        assert asyncio.run(watch(fake.url)) == [0, 1, 2, 3, 4]


def test_a_real_server_answers(ask: Ask, server: Server) -> None:
    assert ask(server.url, "health").status == "ok"
