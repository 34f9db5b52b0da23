"""The errors that the client raises when a request is refused or not answered by a Fovea server."""

import re
from http import HTTPStatus

import httpx
from pydantic import BaseModel, ValidationError

from api.errors import ApiError, ErrorCode
from tracking_plugin.server_address import shown_uri, without_credentials
from tracking_plugin.server_connection import ServerConnection


class RequestRefusedError(ApiError):
    """The server refused the request; `status` is the HTTP status, also for a refused socket."""

    def __init__(
        self, message: str, *, status: int, error_code: str, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.request_id = request_id


class ServerUnreachableError(ApiError):
    """No server answered, or none in time."""


class NotFoveaError(ApiError):
    """The answer did not come from a Fovea server of this version."""


class _Refusal(BaseModel):
    error: str
    error_code: str
    details: str | None = None
    request_id: str | None = None


def refusal_of(response: httpx.Response) -> ApiError:
    """The error that an unsuccessful answer stands for."""
    status = response.status_code
    try:
        refusal = _Refusal.model_validate_json(response.content)
    except ValidationError:
        return _foreign_refusal(response)
    # The details name the field that is wrong, and why.
    problem = f": {refusal.details}" if status == HTTPStatus.UNPROCESSABLE_ENTITY else ""
    return RequestRefusedError(
        f"{refusal.error}{problem}",
        status=status,
        error_code=refusal.error_code,
        request_id=refusal.request_id,
    )


def unreachable(address: ServerConnection, error: httpx.RequestError) -> ServerUnreachableError:
    """The error for a request that got no answer."""
    is_timeout = isinstance(error, httpx.TimeoutException)
    text = "timed out" if is_timeout else re.sub(r"^\[Errno -?\d+\] ", "", str(error))
    reason = without_credentials(text) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return ServerUnreachableError(untrusted(address.url))
    if isinstance(error, httpx.ProxyError):
        return ServerUnreachableError(
            f"The proxy does not connect to {address.url} ({reason}): check HTTP_PROXY and HTTPS_PROXY, "
            "or name the server in NO_PROXY"
        )
    return ServerUnreachableError(
        f"No server answers at {address.url} ({reason}): "
        "start one with `fovea serve`, or name another with --url or MLFLOW_TRACKING_URI"
    )


def untrusted(url: str) -> str:
    """The sentence for a server whose certificate no known authority has signed."""
    return (
        f"The certificate of {url} is not trusted: name a file of trusted ones in "
        "MLFLOW_TRACKING_SERVER_CERT_PATH, or set MLFLOW_TRACKING_INSECURE_TLS=true to trust any"
    )


def credentials_advice(status: int) -> str:
    """Names the variables to set after a refusal of the user; empty for a status of another kind."""
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
    return ""


def code_name(status: int) -> str:
    """The name of an HTTP status, for refusals without an error code."""
    try:
        return HTTPStatus(status).name
    except ValueError:
        return f"HTTP_{status}"


def status_of(error_code: str) -> int:
    """The HTTP status of an error code, for refusals that arrive as a message over a socket."""
    if error_code == ErrorCode.VALIDATION_ERROR:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.__members__.get(error_code, HTTPStatus.BAD_REQUEST)


def _foreign_refusal(response: httpx.Response) -> ApiError:
    request = response.request
    target = f"{request.method} {request.url.copy_with(query=None, userinfo=b'')}"
    status = response.status_code
    if advice := credentials_advice(status):
        return RequestRefusedError(
            f"{target} was refused with status {status}: {advice}",
            status=status,
            error_code=code_name(status),
        )
    if response.has_redirect_location:
        location = shown_uri(response.headers["Location"])
        return NotFoveaError(f"{target} is redirected to {location}: name that server instead")
    return NotFoveaError(
        f"{target} was answered with status {status}, but not by Fovea: check the server's address"
    )
