"""Forwarded headers count only where a proxy is named, also under a plain `mlflow server`."""

import pytest
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.routes.dependencies import UNKNOWN_SOURCE, source_of
from api.server.forwarded_headers import WithoutForwardedHeaders, is_proxy_decided

PLAIN = ["/lib/uvicorn/__main__.py", "--host", "127.0.0.1", "--factory", "api.app:create_app"]


@pytest.mark.parametrize(
    ("arguments", "environment", "is_decided"),
    [
        (PLAIN, {}, False),
        ([*PLAIN, "--proxy-headers"], {}, True),
        ([*PLAIN, "--forwarded-allow-ips=10.0.0.1"], {}, True),
        (["-m", "--uvicorn-opts", "--ws none --no-proxy-headers"], {}, True),
        (PLAIN, {"FORWARDED_ALLOW_IPS": "10.0.0.1"}, True),
        (PLAIN, {"MLFLOW_UVICORN_OPTS": "--forwarded-allow-ips 10.0.0.1"}, True),
    ],
)
def test_an_operator_decides_by_uvicorns_own_options(
    arguments: list[str], environment: dict[str, str], is_decided: bool
) -> None:
    assert is_proxy_decided(arguments, environment) == is_decided


async def seen(client: tuple[str, int], **headers: str) -> tuple[str, str]:
    """The source and the scheme that Fovea sees behind uvicorn's default middleware."""
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)

    wrapped = ProxyHeadersMiddleware(WithoutForwardedHeaders(app, has_tls=False))  # type: ignore[arg-type]
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {"type": "http", "scheme": "http", "client": client, "headers": named}
    await wrapped(scope, None, None)  # type: ignore[arg-type]
    return source_of(HTTPConnection(scopes[0])), scopes[0]["scheme"]


@pytest.mark.anyio
@pytest.mark.parametrize("forged", ["rule RAO", "10.66.66.66", "10.66.66.66:7", "alert 1\nx", ""])
async def test_a_client_of_this_machine_names_no_other_client(forged: str) -> None:
    source, scheme = await seen(
        ("127.0.0.1", 5123), x_forwarded_for=forged, x_forwarded_proto="https"
    )

    assert source == (UNKNOWN_SOURCE if forged else "127.0.0.1")
    assert scheme == "http"


@pytest.mark.anyio
async def test_another_machine_is_known_by_its_own_address() -> None:
    assert await seen(("10.1.2.3", 5123), x_forwarded_for="127.0.0.1") == ("10.1.2.3", "http")
    assert await seen(("127.0.0.1", 5123)) == ("127.0.0.1", "http")


@pytest.mark.parametrize("host", ["rule RAO", "alert 7", "", "127.0.0.1\nrule", "testclient"])
def test_the_source_of_a_command_is_an_address_or_unknown(host: str) -> None:
    scope = {"type": "http", "client": (host, 1), "headers": []}

    assert source_of(HTTPConnection(scope)) == UNKNOWN_SOURCE


@pytest.mark.parametrize("host", ["10.0.0.7", "::1", "fe80::1"])
def test_an_address_is_kept(host: str) -> None:
    assert source_of(HTTPConnection({"type": "http", "client": (host, 1), "headers": []})) == host
