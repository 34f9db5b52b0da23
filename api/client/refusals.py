"""What a client raises where a server refuses, is not there, or is something else than Fovea."""

import re
from http import HTTPStatus

import httpx
from pydantic import BaseModel, ValidationError

from api.client.server_address import ServerAddress
from api.errors import ApiError, ErrorCode


class RequestRefusedError(ApiError):
    """The server's own refusal; `status` is HTTP's, also where a socket was closed with 4000 more."""

    def __init__(
        self, message: str, *, status: int, error_code: str, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.request_id = request_id


class ServerUnreachableError(ApiError):
    """No server answered, or none within the time that was drop_none."""


class NotFoveaError(ApiError):
    """What answered is no Fovea server, or one of another version."""


class _Refusal(BaseModel):
    error: str
    error_code: str
    details: str | None = None
    request_id: str | None = None


def refusal_of(response: httpx.Response) -> ApiError:
    """What an answer without success means."""
    status = response.status_code
    try:
        said = _Refusal.model_validate_json(response.content)
    except ValidationError:
        return _foreign_refusal(response)
    # A field's own problem stands in the details.
    problem = f": {said.details}" if status == HTTPStatus.UNPROCESSABLE_ENTITY else ""
    return RequestRefusedError(
        f"{said.error}{problem}",
        status=status,
        error_code=said.error_code,
        request_id=said.request_id,
    )


def unreachable(address: ServerAddress, error: httpx.RequestError) -> ServerUnreachableError:
    """What a request that was not answered at all means."""
    is_late = isinstance(error, httpx.TimeoutException)
    reason = "not in time" if is_late else re.sub(r"^\[Errno -?\d+\] ", "", str(error))
    return ServerUnreachableError(
        f"No server answers at {address.url} ({reason or type(error).__name__}): "
        "`fovea serve` starts one, --url or MLFLOW_TRACKING_URI names another"
    )


def code_name(status: int) -> str:
    """The name of an HTTP status, for refusals that bring no code of their own."""
    try:
        return HTTPStatus(status).name
    except ValueError:
        return f"HTTP_{status}"


def status_of(error_code: str) -> int:
    """The HTTP status that goes with a code of ours, for refusals that come over a socket."""
    if error_code == ErrorCode.VALIDATION_ERROR:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.__members__.get(error_code, HTTPStatus.BAD_REQUEST)


def _foreign_refusal(response: httpx.Response) -> ApiError:
    request = response.request
    target = f"{request.method} {request.url.copy_with(query=None, userinfo=b'')}"
    status = response.status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return RequestRefusedError(
            f"{target} was refused with {status}: MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, say who asks",
            status=status,
            error_code=code_name(status),
        )
    return NotFoveaError(
        f"{target} was answered with {status}, and not by Fovea: is its address right?"
    )
