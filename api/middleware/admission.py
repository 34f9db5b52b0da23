"""Who is let in, decided from a request's or a socket's own words before anything else looks at it."""

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
from api.middleware.origin import Origin

_HTTP_SCHEMES = {"ws": "http", "wss": "https"}
_LONGEST_SHOWN = 100
_LARGEST_REASON_BYTES = 123
"""What a WebSocket's close frame has room for."""


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The hosts are MLflow's, so that one setting governs both; the origins are our own."""

    hosts: tuple[str, ...]
    """Patterns of the header `Host`, `*` for any."""
    by_address_alone: bool
    """No names but localhost, whatever the patterns say."""
    origins: frozenset[Origin]
    """Those let in besides the server's own."""


def load_admission(origins: frozenset[Origin]) -> Admission:
    """What MLflow's own variables say of hosts, and `origins`."""
    if MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE.get() == "true":
        return Admission(hosts=("*",), by_address_alone=False, origins=origins)
    if listed := get_allowed_hosts_from_env():
        return Admission(hosts=tuple(listed), by_address_alone=False, origins=origins)
    # MLflow's default for private networks, such as 10.*, fits 10.attacker.example as well.
    defaults = tuple(get_default_allowed_hosts())
    return Admission(hosts=defaults, by_address_alone=True, origins=origins)


def admit(scope: Scope, admission: Admission) -> ApiError | None:
    """Why this request or socket is not let in; who asks, and what they may do, belongs here too."""
    return _refuse_host(scope, admission) or _refuse_origin(scope, admission)


def _refuse_host(scope: Scope, admission: Admission) -> ForbiddenError | None:
    hosts = Headers(scope=scope).getlist("host")
    if len(hosts) == 1 and _is_allowed_host(hosts[0], admission):
        return None
    return ForbiddenError(
        f"The Host {_shown(hosts)} is none of this server's: name it in MLFLOW_SERVER_ALLOWED_HOSTS "
        "if it is"
    )


def _is_allowed_host(host: str, admission: Admission) -> bool:
    is_listed = is_allowed_host_header(list(admission.hosts), host)
    return is_listed and (not admission.by_address_alone or _is_address(host))


def _is_address(host: str) -> bool:
    if (parsed := Origin.parse(f"http://{host}")) is None:
        return False
    try:
        ipaddress.ip_address(parsed.host.strip("[]"))
    except ValueError:
        return parsed.host == "localhost"
    return True


def _refuse_origin(scope: Scope, admission: Admission) -> ForbiddenError | None:
    headers = Headers(scope=scope)
    origins = headers.getlist("origin")
    # Only browsers name an origin, and with it they say whose page it is that asks.
    if not origins:
        return None
    origin = Origin.parse(origins[0]) if len(origins) == 1 else None
    if origin is not None and origin in {*admission.origins, _own_origin(scope, headers["host"])}:
        return None
    return ForbiddenError(
        f"The Origin {_shown(origins)} is not this server's: list it in FOVEA_CORS_ORIGINS "
        "if its pages are yours"
    )


def _own_origin(scope: Scope, host: str) -> Origin | None:
    # The server's word for the scheme; X-Forwarded-Proto is anybody's.
    scheme = _HTTP_SCHEMES.get(scope["scheme"], scope["scheme"])
    return Origin.parse(f"{scheme}://{host}")


def _shown(values: list[str]) -> str:
    return repr(", ".join(values)[:_LONGEST_SHOWN])


def close_reason(error: ApiError) -> str:
    """As much of `error` as a WebSocket's close frame takes."""
    return str(error).encode()[:_LARGEST_REASON_BYTES].decode(errors="ignore")


class AdmissionMiddleware:
    """Refuses what is not admitted: a request in the shape of all refusals, a socket by its close code."""

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self._app = app
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["type"] in ("http", "websocket")
        refused = admit(scope, self._admission) if is_asked else None
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await close_socket(refused, receive, send)
        else:
            response = refusal(scope, refused)
            response.headers["Vary"] = "Origin"
            await response(scope, receive, send)


async def close_socket(refused: ApiError, receive: Receive, send: Send) -> None:
    """Accept and close: a browser shows a code only for a socket that was open."""
    await receive()
    await send({"type": "websocket.accept"})
    code, reason = close_code_of(refused), close_reason(refused)
    await send({"type": "websocket.close", "code": code, "reason": reason})
