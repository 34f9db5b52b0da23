"""Requests, parameters, tags and metrics that a hostile or broken client might send, as Hypothesis strategies."""

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
from hypothesis import strategies as st
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.ports import LOOPBACK
from tracking_plugin.control_secret import LINK_HEADER
from tracking_plugin.names import Metric, Param, Tag, evaluation_artifact

RESPONSE_DEADLINE_S = 30.0
MLFLOW = "/api/2.0/mlflow"

Act = Callable[["HostileClient"], None]


class HostileClient:
    """Sends to one server, and remembers the runs that it has made."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.http = httpx.Client(
            base_url=f"http://{LOOPBACK}:{port}", timeout=RESPONSE_DEADLINE_S, follow_redirects=True
        )
        self.run_ids: list[str] = []
        self.run_ids.append(self.new_run())

    def close(self) -> None:
        self.http.close()

    def new_run(self) -> str:
        body = {"experiment_id": "0", "start_time": 1}
        created = self.http.post(f"{MLFLOW}/runs/create", json=body).raise_for_status().json()
        run_id = str(created["run"]["info"]["run_id"])
        self.run_ids.append(run_id)
        return run_id

    def write(self, verb: str, body: Any) -> None:
        """A write of MLflow's API about a run of this client's, whatever comes back."""
        content = body if isinstance(body, str) else json.dumps(body)
        encoded = content.encode("utf-8", "surrogatepass")
        self.http.post(f"{MLFLOW}/runs/{verb}", content=encoded)

    def send_raw(self, request: bytes) -> None:
        """Any bytes; the server may answer or close."""
        with (
            suppress(ConnectionError, BrokenPipeError),
            socket.create_connection((LOOPBACK, self._port), RESPONSE_DEADLINE_S) as opened,
        ):
            opened.sendall(request)
            opened.shutdown(socket.SHUT_WR)
            while opened.recv(65536):
                pass

    def open_socket(self, path: str, messages: list[str | bytes], secret: str) -> None:
        url = f"ws://{LOOPBACK}:{self._port}{path}"
        headers = {LINK_HEADER: secret} if secret else {}
        with (
            suppress(WebSocketException, OSError),
            connect(url, compression=None, additional_headers=headers) as opened,
        ):
            for message in messages:
                opened.send(message)


NESTED = st.builds(
    lambda opening, depth: opening * depth,
    st.sampled_from(["[", '{"a":', '"[', "[[", "{"]),
    st.integers(1, 6000),
)
ODD_VALUES = st.sampled_from(
    [
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1",
        "0",
        "9" * 4400,
        "1" * 30,
        "0x10",
        "1_0",
        "",
        " ",
        "\0",
        "\r\nINFO forged",
        "\x1b[2J",
        "\u202egnp",
        "🙂" * 100,
        "null",
        "true",
        "[]",
        '{"RAO": NaN}',
        '{"RAO": "nan"}',
        '{"RAO": -1}',
        '{"RAO": 1e999}',
        '{"RAO": []}',
        '{"": 1}',
        "/etc/shadow",
        "../../etc/passwd",
        "*" * 250,
        "a: &a [*a, *a]",
        "{{7*7}}",
        "<script>",
    ]
)
TEXTS = ODD_VALUES | NESTED | st.text(max_size=200)
PARSED_PARAMS = st.sampled_from([*map(str, Param), "batch_size", "epochs", "taxonomy"])
PARSED_TAGS = st.sampled_from([*map(str, Tag), "mlflow.parentRunId", "mlflow.runName"])
METRIC_NAMES = (
    st.sampled_from([*map(str, Metric), "critical/RAO", "critical_support/RAO", "system/gpu_0"])
    | st.sampled_from(["loss", "train_loss", "a" * 250, "/" * 250, "*", "critical/*", "é" * 80])
    | st.text(max_size=60)
)
NUMBERS = st.sampled_from(
    [0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**64, 10**30]
) | st.integers(-(2**63), 2**63)
VALUES = st.floats() | st.sampled_from(["NaN", "Infinity", 1e308, -1e308, 5e-324, "x", None])


@st.composite
def params(draw: st.DrawFn) -> Act:
    key, value = draw(PARSED_PARAMS), draw(TEXTS)

    def act(client: HostileClient) -> None:
        # A parameter cannot be changed, so each gets a run of its own.
        body = {"run_id": client.new_run(), "key": key, "value": value}
        client.write("log-parameter", body)

    return act


@st.composite
def tags(draw: st.DrawFn) -> Act:
    key, value = draw(PARSED_TAGS), draw(TEXTS)
    return lambda client: client.write(
        "set-tag", {"run_id": client.run_ids[-1], "key": key, "value": value}
    )


@st.composite
def metrics(draw: st.DrawFn) -> Act:
    points = draw(st.lists(st.tuples(METRIC_NAMES, VALUES, NUMBERS, NUMBERS), max_size=20))
    names = ("key", "value", "step", "timestamp")
    batch = [dict(zip(names, point, strict=True)) for point in points]
    return lambda client: client.write(
        "log-batch", {"run_id": client.run_ids[-1], "metrics": batch}
    )


@st.composite
def broken_writes(draw: st.DrawFn) -> Act:
    verbs = ("log-batch", "log-metric", "set-tag", "update", "delete", "restore", "create", "dance")
    verb, body = draw(st.sampled_from(verbs)), draw(TEXTS)
    return lambda client: client.write(verb, body)


@st.composite
def evaluations(draw: st.DrawFn) -> Act:
    content = draw(TEXTS).encode("utf-8", "surrogatepass")

    def act(client: HostileClient) -> None:
        run_id = client.run_ids[-1]
        file = f"0/{run_id}/artifacts/{evaluation_artifact(1)}"
        client.http.put(f"/api/2.0/mlflow-artifacts/artifacts/{file}", content=content)
        client.http.get("/api/epochs/1", params={"run_id": run_id})

    return act


PARTS = st.sampled_from(
    [
        "",
        "/api",
        "/ajax-api",
        "/2.0",
        "/9.9",
        "/mlflow",
        "/mlflow-artifacts",
        "/mpu",
        "/complete",
        "/artifacts",
        "/runs",
        "/log-batch",
        "/" + "a" * 32,
        "/..",
        "/%2e%2e",
        "/%0A",
        "/%00",
        "/monitor",
        "/ws",
        "/training",
        "/epochs",
        "/1",
        "/v1",
        "/control",
        "//",
        "/\u00e9",
        "/a b",
    ]
)
HOSTS = st.sampled_from(
    ["localhost", "127.0.0.1", "10.evil.example", "evil.example", "", "[::1]", "a" * 300, "\u00ff"]
)
HEADERS = st.sampled_from(
    [
        "",
        "Origin: null\r\n",
        "Origin: http://evil.example\r\n",
        "X-Forwarded-For: rule RAO\r\n",
        "Content-Length: 9999999999\r\n",
        "Transfer-Encoding: chunked\r\n",
        "X: " + "a" * 70_000,
        "Host: second\r\n",
        "X-MLFLOW-WORKSPACE: a\r\n",
        "Range: bytes=9-1\r\n",
        "a: b\r\n" * 400,
    ]
)


@st.composite
def raw_requests(draw: st.DrawFn) -> Act:
    method = draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]))
    path = "".join(draw(st.lists(PARTS, max_size=8))) * draw(st.sampled_from([1, 1, 1, 200])) or "/"
    query = draw(st.sampled_from(["", "?run_id=" + "a" * 32, "?" + "a=1&" * 5000, "?since=%00:1"]))
    head = f"{method} {path}{query} HTTP/1.1\r\nHost: {draw(HOSTS)}\r\n{draw(HEADERS)}"
    request = f"{head}Connection: close\r\n\r\n{draw(TEXTS)}".encode("utf-8", "surrogatepass")
    return lambda client: client.send_raw(request)


@st.composite
def sockets(draw: st.DrawFn) -> Act:
    to_control = draw(st.booleans())
    messages = draw(st.lists(TEXTS.map(_sendable) | st.binary(max_size=200), max_size=5))
    secret = draw(st.sampled_from(["", "guessed"]))

    def act(client: HostileClient) -> None:
        run_id = client.run_ids[-1]
        path = f"/api/v1/runs/{run_id}/control" if to_control else f"/ws?run_id={run_id}"
        client.open_socket(path, list(messages), secret)

    return act


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


ACTS = params() | tags() | metrics() | broken_writes() | evaluations() | raw_requests() | sockets()
