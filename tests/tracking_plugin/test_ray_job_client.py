"""The blocking client of Ray's job API, with a server that responds like Ray."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.ports import LOOPBACK, free_port
from tracking_plugin.ray_job_api import (
    RayEndpoint,
    RayError,
    RayRefusedError,
    RayStatus,
    UnknownRayJobError,
)
from tracking_plugin.ray_job_client import RayJobClient
from tracking_plugin.ray_run import RayRun

ENDPOINT = RayEndpoint("http://me:secret@ray.example:8265/", "a-token")


@contextmanager
def ray(status: int, body: str) -> Iterator[tuple[RayJobClient, list[tuple[str, str]]]]:
    """A client, and the list of requests to its server, each as method and path."""
    requests: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append((self.command, self.path))
            assert self.headers["Authorization"] == "Bearer a-token"
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{LOOPBACK}:{server.server_port}/"
        yield RayJobClient(RayEndpoint(address, "a-token")), requests
        server.shutdown()


def test_the_status_and_the_log_of_a_job_are_read() -> None:
    with ray(200, json.dumps({"status": "STOPPED", "message": "by hand", "logs": "a\nb"})) as sent:
        client, requests = sent
        assert client.find("x").status is RayStatus.STOPPED
        assert client.logs("x") == "a\nb"
        client.stop("x")
    assert requests == [
        ("GET", "/api/jobs/x"),
        ("GET", "/api/jobs/x/logs"),
        ("POST", "/api/jobs/x/stop"),
    ]


def test_an_unknown_job_raises_its_own_error() -> None:
    with ray(404, "Job x does not exist") as (client, _), pytest.raises(UnknownRayJobError):
        client.find("x")


def test_an_unreachable_cluster_is_named_in_the_error() -> None:
    address = f"http://{LOOPBACK}:{free_port()}"
    with pytest.raises(RayError, match=f"does not answer at {address[7:]}"):
        RayJobClient(RayEndpoint(address, "")).find("x")


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (500, "Traceback\n  File\nRuntimeError: no agent", "500: RuntimeError: no agent"),
        (401, "token", "401"),
        (200, "<html>", "without JSON"),
    ],
)
def test_errors_contain_the_host_but_no_secrets(status: int, text: str, expected: str) -> None:
    with pytest.raises(RayError, match=expected) as raised:
        ENDPOINT.read(status, text)
    assert "ray.example:8265" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "a-token" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "is_refusal"), [(401, True), (403, True), (400, True), (429, False), (503, False)]
)
def test_only_a_refusal_is_not_worth_asking_again(status: int, is_refusal: bool) -> None:
    with pytest.raises(RayError) as raised:
        ENDPOINT.read(status, "")
    assert isinstance(raised.value, RayRefusedError) is is_refusal


def test_the_end_of_a_job_is_not_waited_for_where_the_cluster_refuses(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with ray(403, "no such token") as (client, requests):
        run = RayRun(
            run_id="r",
            job_id="x",
            client=client,
            tracking_uri="http://127.0.0.1:9",
            cluster_is_alive=lambda: True,
        )
        assert not run.wait()
    assert len(requests) == 1
    assert "cannot be waited for" in caplog.text
