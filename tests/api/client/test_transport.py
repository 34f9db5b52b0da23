"""The clients reach servers with self-signed certificates, and say what is wrong on the way to a server."""

import asyncio
import logging
from base64 import b64encode
from contextlib import aclosing, closing

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from api.client import AsyncFoveaClient, FoveaClient
from api.client.refusals import NotFoveaError, ServerUnreachableError
from api.client.server_address import AddressError, server_address
from api.client.transport import http_options
from api.errors import ApiError
from tests.api.client.both_clients import Call
from tests.api.client.fake_stream import RUN_ID, FakeStream, serving
from tests.certificates import SelfSigned, self_signed
from tests.ports import LOOPBACK, free_port


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> SelfSigned:
    return self_signed(tmp_path_factory.mktemp("certificate"))


def first_message(url: str, call: Call) -> object:
    """The first message of the live stream, through the client that `call` is of."""

    async def first() -> object:
        async with AsyncFoveaClient(url) as client, aclosing(client.watch(RUN_ID)) as messages:
            return await anext(messages)

    if "async" in call.__name__:
        return asyncio.run(first())
    with FoveaClient(url) as client, closing(client.watch(RUN_ID)) as messages:
        return next(messages)


@pytest.mark.parametrize("variable", ["SERVER_CERT_PATH", "INSECURE_TLS"])
def test_a_server_with_a_self_signed_certificate_is_used_as_mlflow_is_told(
    call: Call, variable: str, signed: SelfSigned, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "true" if variable == "INSECURE_TLS" else str(signed.certificate)
    monkeypatch.setenv(f"MLFLOW_TRACKING_{variable}", value)

    with serving(FakeStream(answers={"/api": []}), tls=signed.server) as fake:
        assert call(fake.url, "runs").entries == []
        assert first_message(fake.url, call).type == "initial_state"  # type: ignore[attr-defined]


def test_not_even_the_debug_log_has_the_password(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(FakeStream(answers={"/api": []})) as fake:
        url = fake.url.replace("://", "://ada:topsecret@")
        call(url, "runs")
        first_message(url, call)

    secrets = ("topsecret", b64encode(b"ada:topsecret").decode())
    client_side = [it for it in caplog.records if it.name != "websockets.server"]
    assert client_side
    assert not [it for it in client_side if any(secret in it.getMessage() for secret in secrets)]


def test_a_certificate_that_is_not_trusted_is_named_with_what_to_do(
    call: Call, signed: SelfSigned
) -> None:
    with serving(FakeStream(answers={"/api": []}), tls=signed.server) as fake:
        with pytest.raises(ServerUnreachableError, match="MLFLOW_TRACKING_SERVER_CERT_PATH"):
            call(fake.url, "runs")
        with pytest.raises(NotFoveaError, match="MLFLOW_TRACKING_SERVER_CERT_PATH"):
            first_message(fake.url, call)


def test_a_redirection_names_the_other_server(call: Call) -> None:
    def redirect(connection: ServerConnection, _: Request) -> Response:
        response = connection.respond(301, "")
        response.headers["Location"] = "https://me:topsecret@other/api/runs"
        return response

    with (
        serving(FakeStream(), redirect) as fake,
        pytest.raises(NotFoveaError, match="https://other/api/runs: name that server") as refused,
    ):
        call(fake.url, "runs")
    assert "topsecret" not in str(refused.value)


@pytest.mark.parametrize(
    "proxy",
    ["http://me:topsecret@127.0.0.1:{port}", "http://me:topsecret@[1", "ftp://me:topsecret@p"],
)
def test_a_proxy_that_does_not_connect_is_named_without_its_password(
    call: Call, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.format(port=free_port()))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    with pytest.raises(ApiError) as refused:
        call("http://host.invalid", "runs")
    assert "topsecret" not in str(refused.value)


def test_the_proxy_of_the_environment_is_used_except_for_networks_in_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", f"10.0.0.0/8,{LOOPBACK}")

    assert http_options(server_address("http://10.1.2.3:5000"))["proxy"] is None
    proxy = http_options(server_address("http://11.1.2.3:5000"))["proxy"]
    assert proxy is not None
    assert proxy.url.host == "proxy"


def test_a_socks_proxy_names_the_packages_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy:1080")
    monkeypatch.setenv("NO_PROXY", "")

    with pytest.raises(AddressError, match="socksio and python_socks"):
        http_options(server_address("http://host"))
