"""What the server refuses, and the one shape in which HTTP says so."""

import math
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api.request_id import REQUEST_ID_HEADER, request_id_of


class ApiError(Exception):
    """A refusal whose message is written for whoever asked."""


class StartError(ApiError):
    """The server cannot start as it was asked to."""


class ForbiddenError(ApiError):
    """Whoever asks may not have this."""


class NotFoundError(ApiError):
    """What was asked for is not there."""


class ConflictError(ApiError):
    """What was asked for does not go with the state that things are in."""


class TooLargeError(ApiError):
    """More was sent than the server takes at once."""


class UnavailableError(ApiError):
    """Something that the answer needs is away for the moment."""


class TooManyRequestsError(ApiError):
    """Too much was asked for in too short a time."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ErrorCode(StrEnum):
    """The reasons that a client may act upon."""

    BAD_REQUEST = "BAD_REQUEST"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    CONFLICT = "CONFLICT"
    TOO_LARGE = "TOO_LARGE"
    VALIDATION_ERROR = "VALIDATION_ERROR"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class ErrorResponse(BaseModel):
    """The body of every refusal."""

    error: str
    error_code: ErrorCode
    details: str | None = None
    timestamp: datetime = Field(default_factory=lambda: datetime.now(UTC))
    request_id: str | None = None


# An ApiError that is not named here is no answer to a request but a failure: 500.
_STATUSES: dict[type[ApiError], HTTPStatus] = {
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooManyRequestsError: HTTPStatus.TOO_MANY_REQUESTS,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
_CODES = {
    HTTPStatus.FORBIDDEN: ErrorCode.FORBIDDEN,
    HTTPStatus.NOT_FOUND: ErrorCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorCode.METHOD_NOT_ALLOWED,
    HTTPStatus.CONFLICT: ErrorCode.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorCode.TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY: ErrorCode.VALIDATION_ERROR,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorCode.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorCode.UNAVAILABLE,
}
_SENTENCES = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address; /api/docs lists what there is",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method",
}


def install_error_handlers(app: FastAPI) -> None:
    """Make every refusal of `app`'s own routes an ErrorResponse."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_bad_input)
    for refused in _STATUSES:
        app.add_exception_handler(refused, _on_refusal)


def close_code_of(error: ApiError) -> int:
    """The code with which a WebSocket is closed for `error`: HTTP's status and 4000."""
    return 4000 + _status_of(error)


def refusal(scope: Scope, error: ApiError) -> JSONResponse:
    """The answer that says `error`, for whoever stands in front of the routes."""
    status = _status_of(error)
    response = _respond(
        scope, status, _CODES.get(status, ErrorCode.INTERNAL_ERROR), str(error), _target(scope)
    )
    if isinstance(error, TooManyRequestsError):
        response.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return response


def failure(scope: Scope) -> JSONResponse:
    """The answer where something went wrong that nobody asked for."""
    return _respond(
        scope,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        ErrorCode.INTERNAL_ERROR,
        "The server failed to answer; its log says why under this request id",
    )


def _status_of(error: ApiError) -> HTTPStatus:
    failure = HTTPStatus.INTERNAL_SERVER_ERROR
    return next((_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES), failure)


def _respond(
    scope: Scope, status: int, code: ErrorCode, error: str, details: str | None = None
) -> JSONResponse:
    request_id = request_id_of(scope)
    body = ErrorResponse(error=error, error_code=code, details=details, request_id=request_id)
    return JSONResponse(
        body.model_dump(mode="json"), status, headers={REQUEST_ID_HEADER: request_id}
    )


def _target(scope: Scope) -> str:
    return f"{scope['method']} {scope['path']}"


async def _on_refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return refusal(request.scope, error)


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    fallback = ErrorCode.INTERNAL_ERROR if error.status_code >= 500 else ErrorCode.BAD_REQUEST
    status = HTTPStatus(error.status_code)
    # The framework's own refusals carry nothing but the status's name.
    sentence = error.detail if error.detail != status.phrase else _SENTENCES.get(status)
    code = _CODES.get(status, fallback)
    response = _respond(
        request.scope, status, code, sentence or status.phrase, _target(request.scope)
    )
    response.headers.update(error.headers or {})
    return response


async def _on_bad_input(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = [
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors()
    ]
    return _respond(
        request.scope,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ErrorCode.VALIDATION_ERROR,
        "The request holds a value that is not what was expected",
        "; ".join(problems),
    )
