"""Decides by their headers Host and Origin which requests and sockets are admitted."""

import ipaddress
from dataclasses import dataclass

from mlflow.environment_variables import MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE
from mlflow.server.security_utils import (
    get_allowed_hosts_from_env,
    get_default_allowed_hosts,
    is_allowed_host_header,
)
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import ApiError, ForbiddenError, close_code_of, refusal
from api.middleware.allowed_origins import Origin, quoted, refuse_origin

_LARGEST_REASON_BYTES = 123
"""The space for a reason in the close frame of a WebSocket."""


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The hosts come from MLflow's settings, so that one setting governs both."""

    hosts: tuple[str, ...]
    """Patterns of the header `Host`; `*` matches any."""
    only_addresses: bool
    """Accept no host name but localhost, even if a pattern matches."""
    origins: frozenset[Origin]
    """Admitted in addition to the server's own origin."""


def load_admission(origins: frozenset[Origin]) -> Admission:
    """The hosts that MLflow's environment variables allow, and `origins`."""
    if MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE.get() == "true":
        return Admission(hosts=("*",), only_addresses=False, origins=origins)
    if listed := get_allowed_hosts_from_env():
        return Admission(hosts=tuple(listed), only_addresses=False, origins=origins)
    # MLflow's default patterns for private networks, such as 10.*, match 10.attacker.example too.
    defaults = tuple(get_default_allowed_hosts())
    return Admission(hosts=defaults, only_addresses=True, origins=origins)


def admit(scope: Scope, admission: Admission) -> ApiError | None:
    """The error if this request or socket is not admitted; authentication would be checked here too."""
    return _refuse_host(scope, admission) or refuse_origin(scope, admission.origins)


def _refuse_host(scope: Scope, admission: Admission) -> ForbiddenError | None:
    hosts = Headers(scope=scope).getlist("host")
    if len(hosts) == 1 and _is_allowed_host(hosts[0], admission):
        return None
    return ForbiddenError(
        f"The Host {quoted(hosts)} is not allowed: add it to MLFLOW_SERVER_ALLOWED_HOSTS "
        "if it is this server's"
    )


def _is_allowed_host(host: str, admission: Admission) -> bool:
    is_listed = is_allowed_host_header(list(admission.hosts), host)
    return is_listed and (not admission.only_addresses or _is_address(host))


def _is_address(host: str) -> bool:
    if (parsed := Origin.parse(f"http://{host}")) is None:
        return False
    try:
        ipaddress.ip_address(parsed.host.strip("[]"))
    except ValueError:
        return parsed.host == "localhost"
    return True


def close_reason(error: ApiError) -> str:
    """The text of `error`, truncated to what fits into a close frame."""
    return str(error).encode()[:_LARGEST_REASON_BYTES].decode(errors="ignore")


class AdmissionMiddleware:
    """Answers requests that are not admitted with an ErrorResponse, and closes such sockets."""

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self._app = app
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_checked = scope["type"] in ("http", "websocket")
        refused = admit(scope, self._admission) if is_checked else None
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await close_socket(refused, receive, send)
        else:
            response = refusal(scope, refused)
            response.headers["Vary"] = "Origin"
            await response(scope, receive, send)


async def close_socket(refused: ApiError, receive: Receive, send: Send) -> None:
    """Accept, then close: browsers show the close code only if the socket was open."""
    await receive()
    await send({"type": "websocket.accept"})
    code, reason = close_code_of(refused), close_reason(refused)
    await send({"type": "websocket.close", "code": code, "reason": reason})
