"""Makes the options of the HTTP and WebSocket libraries from a connection to a server."""

import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TypedDict

import httpx

from api.client.server_address import AddressError
from tracking_plugin.server_address import without_credentials
from tracking_plugin.server_connection import ServerConnection

_SOCKS_PACKAGES = ("socksio", "python_socks")
"""The packages that httpx and websockets need for a SOCKS proxy."""


class HttpOptions(TypedDict):
    """Arguments of httpx.Client and httpx.AsyncClient."""

    base_url: str
    headers: Mapping[str, str]
    verify: ssl.SSLContext | bool
    proxy: httpx.Proxy | None
    trust_env: bool


def http_options(connection: ServerConnection) -> HttpOptions:
    """Raises AddressError if the proxy's address cannot be used."""
    return {
        "base_url": connection.url,
        "headers": connection.headers,
        # An http address needs no certificates, which take a while to load.
        "verify": connection.tls or False,
        "proxy": None if connection.proxy is None else _proxy(connection.proxy),
        # The connection has followed the environment already, in the way in which MLflow does.
        "trust_env": False,
    }


def _proxy(url: str) -> httpx.Proxy:
    try:
        proxy = httpx.Proxy(url)
    except (ValueError, httpx.InvalidURL) as error:
        reason = without_credentials(str(error))
        raise AddressError(f"The proxy of the environment cannot be used: {reason}") from None
    if proxy.url.scheme.startswith("socks") and not all(map(find_spec, _SOCKS_PACKAGES)):
        raise AddressError(
            f"A SOCKS proxy needs the packages {' and '.join(_SOCKS_PACKAGES)}: install them, "
            "or name the server in NO_PROXY"
        )
    return proxy
