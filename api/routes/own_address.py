"""The address at which this server received a request: that of its own socket, which no client can choose."""

import ipaddress
import sys

from starlette.types import Scope

from api.errors import ConflictError


def own_url(scope: Scope) -> str:
    """The URL of the socket that accepted the request. Raises ConflictError if that has no port.

    The headers Host, Forwarded and X-Forwarded-* are not read, nor is the scheme of the scope, which
    may be that of a proxy.
    """
    host, port = scope.get("server") or ("", None)
    if port is None:
        raise ConflictError(
            "A job cannot reach this server, which listens on no port: "
            "name an address with FOVEA_PUBLIC_URL"
        )
    return f"{'https' if has_tls() else 'http'}://{_bracketed(host)}:{port}{_root_path(scope)}"


def has_tls() -> bool:
    """Whether uvicorn was told to encrypt, by the options of the command that this process runs."""
    return any("--ssl-" in word for word in sys.argv)


def _bracketed(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[{address}]" if address.version == 6 else host


def _root_path(scope: Scope) -> str:
    """Where uvicorn was told that the server is mounted."""
    path: str = scope.get("app_root_path", scope.get("root_path", ""))
    return path.rstrip("/")
