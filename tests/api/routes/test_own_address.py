"""Where jobs report: the socket's own address, whatever the request says."""

import sys
from typing import Any

import pytest
from starlette.requests import Request

from api.errors import ConflictError
from api.routes.jobs import tracking_uri
from api.routes.own_address import own_url

FORGED = [
    (b"host", b"10.66.66.66:8080"),
    (b"forwarded", b"host=10.66.66.66:8080;proto=https"),
    (b"x-forwarded-host", b"10.66.66.66:8080"),
    (b"x-forwarded-port", b"8080"),
    (b"x-forwarded-prefix", b"/elsewhere"),
    (b"x-forwarded-proto", b"https"),
]


def scope(server: tuple[str, int | None] | None, **changes: object) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/api/training/start",
        "query_string": b"",
        "root_path": "",
        "headers": FORGED,
        "server": server,
        **changes,
    }


class App:
    class state:  # noqa: N801 - Starlette's name
        public_url = ""


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (("127.0.0.1", 5000), "http://127.0.0.1:5000"),
        (("::1", 5000), "http://[::1]:5000"),
        (("192.168.1.5", 80), "http://192.168.1.5:80"),
    ],
)
def test_the_address_is_that_of_the_socket(server: tuple[str, int], expected: str) -> None:
    request = Request(scope(server, app=App()))
    assert str(request.base_url) != f"{expected}/", "the headers name another one"
    assert tracking_uri(request) == expected


def test_the_configured_address_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App.state, "public_url", "https://fovea.example")
    assert tracking_uri(Request(scope(("127.0.0.1", 1), app=App()))) == "https://fovea.example"


def test_the_scheme_is_that_of_the_socket_and_not_of_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert own_url(scope(("127.0.0.1", 5000), scheme="https")) == "http://127.0.0.1:5000"
    monkeypatch.setattr(sys, "argv", ["uvicorn", "--ssl-keyfile=key.pem"])
    assert own_url(scope(("127.0.0.1", 5000))) == "https://127.0.0.1:5000"


def test_the_path_at_which_the_server_is_mounted_is_kept() -> None:
    assert own_url(scope(("127.0.0.1", 5000), root_path="/lab/")) == "http://127.0.0.1:5000/lab"


@pytest.mark.parametrize("server", [None, ("/run/fovea.sock", None)])
def test_a_server_without_a_port_needs_a_configured_address(
    server: tuple[str, int | None] | None,
) -> None:
    with pytest.raises(ConflictError, match="FOVEA_PUBLIC_URL"):
        own_url(scope(server))
