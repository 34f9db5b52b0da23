"""MLflow's page gets one more script; all other responses are unchanged."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow.server.fastapi_app import app as mlflow_app
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui_extensions.panel_script import LARGEST_PAGE_BYTES, with_panel_script

PAGE = "<!doctype html><html><head><title>MLflow</title></head><body>é</body></html>"
TAG = '<script defer src="monitor/panel.js"></script>'
CHANGED = PAGE.replace("</head>", f"{TAG}</head>")


def client_of(app: ASGIApp, page_path: str = "/", **options: Any) -> TestClient:
    return TestClient(with_panel_script(app, page_path), **options)


def answering(response: Response) -> ASGIApp:
    """An application that always sends this response."""
    return response


class Pages(StaticFiles):
    """Files with dates and ETags that browsers revalidate, as MLflow serves its page."""

    def file_response(self, *of_file: Any, **more: Any) -> Response:
        response = super().file_response(*of_file, **more)
        response.headers["Cache-Control"] = "no-cache"
        return response


@pytest.fixture
def index(tmp_path: Path) -> Path:
    for folder in ("prefix", "a/b", ""):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "index.html").write_text(PAGE)
    return tmp_path / "index.html"


@pytest.fixture
def app(index: Path) -> ASGIApp:
    return Starlette(routes=[Mount("/", Pages(directory=index.parent, html=True))])


@pytest.fixture
def client(app: ASGIApp) -> TestClient:
    return client_of(app)


def test_the_page_gets_one_deferred_script_before_the_end_of_its_head(client: TestClient) -> None:
    response = client.get("/")

    assert response.status_code == 200
    assert response.text == CHANGED
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("page_path", ["/", "/prefix/", "/a/b/"])
def test_the_script_is_named_relative_to_the_page(app: ASGIApp, page_path: str) -> None:
    text = client_of(app, page_path).get(page_path).text

    assert text.count("<script") == 1
    assert 'src="monitor/panel.js"' in text


def test_the_page_is_found_behind_a_proxy_that_strips_a_prefix(app: ASGIApp) -> None:
    proxied = Starlette(routes=[Mount("/outside", with_panel_script(app))])

    assert TestClient(proxied).get("/outside/").text == CHANGED


def test_other_paths_are_unchanged(app: ASGIApp) -> None:
    assert client_of(app).get("/prefix/").text == PAGE
    assert client_of(app, "/prefix/").get("/").text == PAGE


def test_head_has_the_headers_of_get(client: TestClient) -> None:
    got, asked = client.get("/"), client.head("/")

    assert asked.content == b""
    assert asked.headers == got.headers


def test_other_methods_are_unchanged(client: TestClient) -> None:
    assert client.post("/").status_code == 405


def test_a_cached_page_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/")

    again = client.get("/", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == "no-cache"
    assert "content-length" not in again.headers
    assert client.head("/", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert client.get("/", headers={"If-None-Match": "*"}).status_code == 304


def test_a_cached_page_without_the_script_is_replaced(app: ASGIApp, client: TestClient) -> None:
    bare = TestClient(app).get("/")
    kept = {
        "If-None-Match": bare.headers["etag"],
        "If-Modified-Since": bare.headers["last-modified"],
    }
    for headers in (kept, {"If-Modified-Since": kept["If-Modified-Since"]}):
        assert TestClient(app).get("/", headers=headers).status_code == 304
        response = client.get("/", headers=headers)
        assert (response.status_code, response.text) == (200, CHANGED)


def test_a_cached_page_with_the_script_is_replaced_by_mlflows_own(
    app: ASGIApp, client: TestClient
) -> None:
    # As when the server is started without Fovea again.
    ours = client.get("/")
    assert "last-modified" not in ours.headers

    response = TestClient(app).get("/", headers={"If-None-Match": ours.headers["etag"]})

    assert (response.status_code, response.text) == (200, PAGE)


def test_a_changed_page_has_another_etag(client: TestClient, index: Path) -> None:
    before = client.get("/").headers["etag"]
    index.write_text(PAGE.replace("MLflow", "MLflow 4"))

    after = client.get("/", headers={"If-None-Match": before})

    assert after.status_code == 200
    assert after.headers["etag"] != before


def test_a_range_request_gets_the_whole_page(client: TestClient) -> None:
    response = client.get("/", headers={"Range": "bytes=0-9"})

    assert (response.status_code, response.text) == (200, CHANGED)
    assert "accept-ranges" not in response.headers


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(HTMLResponse(PAGE, 404), id="not found"),
        pytest.param(HTMLResponse(PAGE, 401, {"WWW-Authenticate": "Basic"}), id="not logged in"),
        pytest.param(Response(PAGE, media_type="text/plain"), id="text"),
        pytest.param(Response(PAGE, media_type="text/html-like"), id="almost HTML"),
        pytest.param(HTMLResponse("<p>No head</p>"), id="no head"),
        pytest.param(HTMLResponse(""), id="nothing"),
        pytest.param(Response(headers={"location": "/x"}, status_code=302), id="elsewhere"),
        pytest.param(HTMLResponse(PAGE, headers={"content-digest": "sha-256=:x:"}), id="vouched"),
        pytest.param(
            HTMLResponse(PAGE + "x" * LARGEST_PAGE_BYTES, headers={"etag": '"1"'}), id="large"
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_other_responses_pass_unchanged(response: Response, method: str) -> None:
    plain = TestClient(answering(response), follow_redirects=False).request(method, "/")

    ours = client_of(answering(response), follow_redirects=False).request(method, "/")

    assert ours.status_code == plain.status_code
    assert ours.headers.raw == plain.headers.raw
    assert ours.content == (b"" if method == "HEAD" else plain.content)


def test_a_compressed_page_passes_unchanged(app: ASGIApp) -> None:
    zipped = GZipMiddleware(app, minimum_size=1)

    assert client_of(zipped).get("/").text == PAGE


def test_a_streamed_page_is_joined() -> None:
    def pieces() -> Iterator[str]:
        yield from (PAGE[start : start + 7] for start in range(0, len(PAGE), 7))

    response = client_of(answering(StreamingResponse(pieces(), media_type="text/html"))).get("/")

    assert response.text == CHANGED
    assert int(response.headers["content-length"]) == len(response.content)


def test_the_script_is_inserted_only_once() -> None:
    twice = "<html><HEAD></HEAD ><body></head></body></html>"

    response = client_of(answering(HTMLResponse(twice))).get("/")

    assert response.text == f"<html><HEAD>{TAG}</HEAD ><body></head></body></html>"


def sent_through(messages: list[Message], **scope: Any) -> list[list[Message]]:
    """The messages passed on after each of `messages` was sent, and in the end."""
    passed: list[Message] = []
    steps: list[list[Message]] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
            steps.append(list(passed))

    async def send(message: Message) -> None:
        passed.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def ask() -> None:
        asked: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [], **scope}
        await with_panel_script(app)(asked, receive, send)

    asyncio.run(ask())
    return [*steps, passed]


def start_of(content_type: str, **more: Any) -> Message:
    headers = [(b"content-type", content_type.encode())]
    return {"type": "http.response.start", "status": 200, "headers": headers, **more}


def body_of(text: str, *, more_body: bool = False) -> Message:
    return {"type": "http.response.body", "body": text.encode(), "more_body": more_body}


@pytest.mark.parametrize("text", [PAGE, "<p>No head</p>"])
def test_head_has_no_body(text: str) -> None:
    passed = sent_through([start_of("text/html"), body_of(text)], method="HEAD")[-1]

    assert [message.get("body", b"") for message in passed] == [b"", b""]


def test_other_responses_are_streamed() -> None:
    messages = [
        start_of("text/event-stream"),
        body_of("</head>", more_body=True),
        body_of("2"),
    ]

    steps = sent_through(messages)

    assert steps == [messages[:1], messages[:2], messages, messages]


def test_a_large_page_is_buffered_only_up_to_the_limit() -> None:
    half = "x" * (LARGEST_PAGE_BYTES // 2 + 1)
    pieces = [body_of(half, more_body=True) for _ in range(3)]
    messages = [start_of("text/html"), *pieces, body_of("</head>")]

    steps = sent_through(messages)

    assert [len(step) for step in steps] == [0, 0, 3, 4, 5, 5]
    assert steps[-1] == messages


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([start_of("text/html", trailers=True), body_of(PAGE)], id="trailers"),
        pytest.param([start_of("text/html"), {"type": "http.response.pathsend"}], id="a file"),
        pytest.param([{"type": "http.response.debug"}, start_of("text/html")], id="not a start"),
        pytest.param([start_of("text/html")], id="a start alone"),
        pytest.param([start_of("text/html"), body_of(PAGE, more_body=True)], id="without an end"),
    ],
)
def test_unusual_responses_pass_unchanged(messages: list[Message]) -> None:
    assert sent_through(messages)[-1] == messages


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_other_scopes_are_unchanged(kind: str) -> None:
    messages = [start_of("text/html"), body_of(PAGE)]

    assert sent_through(messages, type=kind)[-1] == messages


def test_an_error_of_the_app_propagates() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start_of("text/html"))
        raise RuntimeError("MLflow's own")

    with pytest.raises(RuntimeError, match="MLflow's own"):
        client_of(app).get("/")


def test_mlflows_page_gets_the_script_and_its_files_do_not() -> None:
    with (
        TestClient(mlflow_app, base_url="http://localhost") as plain,
        client_of(mlflow_app, base_url="http://localhost") as ours,
    ):
        page, changed = plain.get("/"), ours.get("/")
        kept = {"If-None-Match": page.headers["etag"]}
        assert changed.text == page.text.replace("</head>", f"{TAG}</head>")
        assert plain.get("/", headers=kept).status_code == 304
        assert ours.get("/", headers=kept).text == changed.text
        for path in ("/health", "/static-files/favicon.ico", "/none"):
            assert ours.get(path).content == plain.get(path).content
