"""Decides which requests and sockets are admitted: by the length of their head, their Host and Origin."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import ApiError, close_code_of, refusal
from api.middleware.allowed_hosts import AllowedHosts, load_allowed_hosts
from api.middleware.allowed_origins import Origin, refuse_origin
from api.middleware.request_head import refuse_head

_LARGEST_REASON_BYTES = 123
"""The space for a reason in the close frame of a WebSocket."""


@dataclass(frozen=True, kw_only=True)
class Admission:
    hosts: AllowedHosts
    origins: frozenset[Origin]
    """Admitted in addition to the server's own origin."""


def load_admission(origins: frozenset[Origin]) -> Admission:
    """The hosts that MLflow's environment variables allow, and `origins`."""
    return Admission(hosts=load_allowed_hosts(), origins=origins)


def admit(scope: Scope, admission: Admission) -> ApiError | None:
    """The error if this request or socket is not admitted; authentication would be checked here too."""
    return (
        refuse_head(scope)
        or admission.hosts.refuse(scope)
        or refuse_origin(scope, admission.origins)
    )


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
