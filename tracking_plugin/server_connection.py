"""How to reach an MLflow server: its address, the headers of each request, its proxy and its certificates.

Every HTTP and WebSocket client of a server is made from a ServerConnection, so that all of them
reach the same server with the same credentials as MLflow's own client.
"""

import logging
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from requests.utils import (
    DEFAULT_CA_BUNDLE_PATH,
    get_environ_proxies,
    get_netrc_auth,
    select_proxy,
)

from tracking_plugin.server_address import AddressError, ServerAddress, parse_server, socket_url
from tracking_plugin.server_environment import (
    CLIENT_CERT_PATH,
    SERVER_CERT_PATH,
    ServerEnvironment,
    read_environment,
)

WORKSPACE_HEADER = "X-MLFLOW-WORKSPACE"

websocket_logger = logging.getLogger("tracking_plugin.websocket")
"""For every WebSocket: at DEBUG, the library would log the headers of the handshake with the password."""
websocket_logger.setLevel(logging.INFO)


@dataclass(frozen=True, kw_only=True)
class ServerConnection:
    """Everything that a client needs; no field that may hold a secret is part of the repr."""

    url: str
    """With the server's path prefix, without credentials and without a slash at its end."""
    headers: Mapping[str, str] = field(repr=False)
    proxy: str | None = field(repr=False)
    """The proxy's URL; None to connect directly."""
    tls: ssl.SSLContext | None = field(repr=False)
    """None if the server's address is not an https one."""

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc

    def socket_url(self, path: str, query: Mapping[str, str] = MappingProxyType({})) -> str:
        """The URL of the WebSocket at `path`."""
        return socket_url(self.url, path, query)


def server_connection(uri: str, environment: ServerEnvironment | None = None) -> ServerConnection:
    """The connection to the server at `uri`, with MLflow's own settings for all else.

    Raises AddressError if `uri` or a setting cannot be used.
    """
    address = parse_server(uri)
    environment = environment or read_environment()
    workspace = {WORKSPACE_HEADER: environment.workspace} if environment.workspace else {}
    return ServerConnection(
        url=address.url,
        headers={**_authorization(address, environment), **workspace},
        proxy=proxy_for(address.url),
        tls=_tls(environment) if address.url.startswith("https:") else None,
    )


def proxy_for(url: str) -> str | None:
    """The proxy that requests would use, by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

    Other clients read NO_PROXY in other ways: only requests understands networks such as 10.0.0.0/8.
    """
    proxy = select_proxy(url, get_environ_proxies(url))
    if proxy is None or "://" in proxy:
        return proxy
    return f"http://{proxy}"


def _authorization(address: ServerAddress, environment: ServerEnvironment) -> dict[str, str]:
    """The header that MLflow's client would send, in its order of preference."""
    if (pair := get_netrc_auth(address.url)) is not None:
        return _basic(*pair)
    if address.username is not None:
        return _basic(address.username, address.password or "")
    if environment.username and environment.password:
        return _basic(environment.username, environment.password)
    return {"Authorization": f"Bearer {environment.token}"} if environment.token else {}


def _basic(username: str, password: str) -> dict[str, str]:
    pair = b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _tls(environment: ServerEnvironment) -> ssl.SSLContext:
    context = _trusting(environment.certificates)
    if environment.is_tls_insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if environment.client_certificate:
        try:
            context.load_cert_chain(environment.client_certificate)
        except OSError as error:
            raise _unusable(CLIENT_CERT_PATH, environment.client_certificate) from error
    return context


def _trusting(certificates: str) -> ssl.SSLContext:
    """A context that trusts `certificates`, a file or a folder, or by default the usual ones."""
    try:
        if not certificates:
            context = ssl.create_default_context()
            context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
            return context
        if Path(certificates).is_dir():
            return ssl.create_default_context(capath=certificates)
        return ssl.create_default_context(cafile=certificates)
    except OSError as error:
        raise _unusable(SERVER_CERT_PATH, certificates) from error


def _unusable(variable: str, path: str) -> AddressError:
    return AddressError(
        f"The certificates in {path!r} cannot be read: {variable} expects the path of a PEM file"
    )
