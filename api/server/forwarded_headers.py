"""Undoes what uvicorn believed of X-Forwarded-For and X-Forwarded-Proto where no proxy is named.

By default uvicorn believes every client on this machine. `fovea serve` turns that off; a plain
`mlflow server --app-name fovea` has no such option, so it is undone here.
"""

import os
import sys
from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

PROXY_OPTIONS = ("--proxy-headers", "--no-proxy-headers", "--forwarded-allow-ips")
"""Uvicorn's options by which an operator has decided about a proxy."""

_PROXIES_VARIABLE = "FORWARDED_ALLOW_IPS"
_OPTIONS_VARIABLE = "MLFLOW_UVICORN_OPTS"


def is_proxy_decided(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether the operator has said which proxy to believe, or that none is to be believed."""
    words = " ".join((*arguments, environment.get(_OPTIONS_VARIABLE, "")))
    return any(name in words for name in PROXY_OPTIONS) or bool(environment.get(_PROXIES_VARIABLE))


def believing_named_proxies_only(app: ASGIApp) -> ASGIApp:
    """`app`, or, where nobody has decided about a proxy, `app` without forwarded headers."""
    if is_proxy_decided(sys.argv, os.environ):
        return app
    return WithoutForwardedHeaders(app, has_tls=any("--ssl-" in word for word in sys.argv))


class WithoutForwardedHeaders:
    """The client of a request whose header names that client is unknown."""

    def __init__(self, app: ASGIApp, *, has_tls: bool) -> None:
        self._app = app
        self._has_tls = has_tls
        self._believed = ProxyHeadersMiddleware(app).trusted_hosts  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = {**scope, **self._corrected(scope)}
        await self._app(scope, receive, send)

    def _corrected(self, scope: Scope) -> dict[str, object]:
        headers = Headers(scope=scope)
        corrected: dict[str, object] = {}
        if "x-forwarded-proto" in headers:
            plain = "ws" if scope["type"] == "websocket" else "http"
            corrected["scheme"] = f"{plain}s" if self._has_tls else plain
        forwarded = ", ".join(headers.getlist("x-forwarded-for"))
        if forwarded and scope.get("client") is not None:
            host, port = self._believed.get_trusted_client_address(forwarded)
            if tuple(scope["client"]) == (host, port):
                corrected["client"] = None
        return corrected
