"""Admits requests to MLflow by the length of their head and by their Host, before MLflow sees them."""

from http import HTTPStatus

from mlflow.server.security_utils import INVALID_HOST_MSG, is_health_endpoint
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import ApiError, refusal
from api.middleware.admission import close_socket
from api.middleware.allowed_hosts import AllowedHosts
from api.middleware.request_head import refuse_head


class MlflowAdmissionMiddleware:
    """MLflow has its own rule for origins. A refused host gets the answer that MLflow gives."""

    def __init__(self, app: ASGIApp, hosts: AllowedHosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if (too_long := refuse_head(scope)) is not None:
            await _refuse(too_long, scope, receive, send)
        elif (foreign := self._refuse_host(scope)) is not None:
            await _refuse(foreign, scope, receive, send, _as_mlflow_does())
        else:
            await self._app(scope, receive, send)

    def _refuse_host(self, scope: Scope) -> ApiError | None:
        # Probes of a container's platform use whatever name it has; MLflow answers them all, too.
        return None if is_health_endpoint(scope["path"]) else self._hosts.refuse(scope)


async def _refuse(
    error: ApiError, scope: Scope, receive: Receive, send: Send, response: Response | None = None
) -> None:
    if scope["type"] == "websocket":
        await close_socket(error, receive, send)
    else:
        await (response or refusal(scope, error))(scope, receive, send)


def _as_mlflow_does() -> Response:
    response = Response(INVALID_HOST_MSG, HTTPStatus.FORBIDDEN)
    response.raw_headers = [(b"content-type", b"text/plain")]
    return response
