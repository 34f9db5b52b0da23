"""The errors of the server, and their mapping to HTTP responses of one shape."""

import math
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api.request_id import REQUEST_ID_HEADER, request_id_of
from tracking_plugin.printable import printable


class ErrorCode(StrEnum):
    """The reasons that a client can distinguish."""

    BAD_REQUEST = "BAD_REQUEST"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    CONFLICT = "CONFLICT"
    TOO_LARGE = "TOO_LARGE"
    VALIDATION_ERROR = "VALIDATION_ERROR"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    UNAVAILABLE = "UNAVAILABLE"
    UPSTREAM_ERROR = "UPSTREAM_ERROR"
    UPSTREAM_TIMEOUT = "UPSTREAM_TIMEOUT"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    INVALID_FILE_TYPE = "INVALID_FILE_TYPE"
    PROJECT_NOT_FOUND = "PROJECT_NOT_FOUND"
    PIPELINE_FAILED = "PIPELINE_FAILED"
    DEPLOYMENT_FAILED = "DEPLOYMENT_FAILED"
    STORAGE_FULL = "STORAGE_FULL"


class ApiError(Exception):
    """An error whose message is meant for the client."""

    code: ClassVar[ErrorCode | None] = None
    """The reason that the client is told; None for that of the HTTP status."""


class StartError(ApiError):
    """The server cannot start with these settings."""


class BadRequestError(ApiError):
    """The request cannot be understood, or comes too early."""


class ForbiddenError(ApiError):
    """The client may not do this."""


class NotFoundError(ApiError):
    """The requested object does not exist."""


class ConflictError(ApiError):
    """The request is not possible in the present state."""


class LockedError(ApiError):
    """Another client holds what the request asks for; it may be free later."""


class TooLargeError(ApiError):
    """The request is larger than the server accepts."""


class FileTooLargeError(TooLargeError):
    """A file is larger than the server accepts, or holds more than it accepts."""

    code = ErrorCode.FILE_TOO_LARGE


class FileTypeError(ApiError):
    """A file is of no type that the server reads."""

    code = ErrorCode.INVALID_FILE_TYPE


class StorageFullError(ApiError):
    """The disk of the server has no room for what the request sends."""

    code = ErrorCode.STORAGE_FULL


class UriTooLongError(ApiError):
    """The path or the query of the request is longer than the server accepts."""


class HeadersTooLargeError(ApiError):
    """The headers of the request are larger than the server accepts."""


class UnprocessableError(ApiError):
    """The request has the right form, but what it contains cannot be processed."""


class UnavailableError(ApiError):
    """Something that the response needs is temporarily unavailable."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UpstreamError(ApiError):
    """Another service, which the response needs, failed or refused this server."""


class UpstreamTimeoutError(ApiError):
    """Another service, which the response needs, did not answer in time."""


class TooManyRequestsError(ApiError):
    """The client has sent too many requests."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ErrorResponse(BaseModel):
    """The body of every error response."""

    error: str
    error_code: ErrorCode
    details: str | None = None
    timestamp: datetime = Field(default_factory=lambda: datetime.now(UTC))
    request_id: str | None = None


# An ApiError that is not listed here is a failure of the server: 500.
_STATUSES: dict[type[ApiError], HTTPStatus] = {
    BadRequestError: HTTPStatus.BAD_REQUEST,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    LockedError: HTTPStatus.LOCKED,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    FileTypeError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    StorageFullError: HTTPStatus.INSUFFICIENT_STORAGE,
    UriTooLongError: HTTPStatus.REQUEST_URI_TOO_LONG,
    HeadersTooLargeError: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    TooManyRequestsError: HTTPStatus.TOO_MANY_REQUESTS,
    UnprocessableError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    UpstreamError: HTTPStatus.BAD_GATEWAY,
    UpstreamTimeoutError: HTTPStatus.GATEWAY_TIMEOUT,
}
_CODES = {
    HTTPStatus.BAD_REQUEST: ErrorCode.BAD_REQUEST,
    HTTPStatus.FORBIDDEN: ErrorCode.FORBIDDEN,
    HTTPStatus.NOT_FOUND: ErrorCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorCode.METHOD_NOT_ALLOWED,
    HTTPStatus.CONFLICT: ErrorCode.CONFLICT,
    HTTPStatus.LOCKED: ErrorCode.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorCode.TOO_LARGE,
    HTTPStatus.REQUEST_URI_TOO_LONG: ErrorCode.TOO_LARGE,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ErrorCode.TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY: ErrorCode.VALIDATION_ERROR,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorCode.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorCode.UNAVAILABLE,
    HTTPStatus.BAD_GATEWAY: ErrorCode.UPSTREAM_ERROR,
    HTTPStatus.GATEWAY_TIMEOUT: ErrorCode.UPSTREAM_TIMEOUT,
}
_SENTENCES = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address; /api/docs lists all addresses",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not accept this method",
}


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error of the routes of `app` with an ErrorResponse."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_bad_input)
    for refused in _STATUSES:
        app.add_exception_handler(refused, _on_refusal)


def close_code_of(error: ApiError) -> int:
    """The close code of a WebSocket for `error`: 4000 plus the HTTP status."""
    return 4000 + _status_of(error)


def refusal(scope: Scope, error: ApiError) -> JSONResponse:
    """The response to `error`, for middleware."""
    status = _status_of(error)
    response = _respond(scope, status, code_of(error), str(error), _target(scope))
    if isinstance(error, TooManyRequestsError | UnavailableError):
        wait_s = error.retry_after_s
        if wait_s is not None:
            response.headers["Retry-After"] = str(max(1, math.ceil(wait_s)))
    return response


def code_of(error: ApiError) -> ErrorCode:
    """The reason of `error` that clients are told."""
    return error.code or _CODES.get(HTTPStatus(_status_of(error)), ErrorCode.INTERNAL_ERROR)


def failure(scope: Scope) -> JSONResponse:
    """The response to an unexpected exception."""
    return _respond(
        scope,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        ErrorCode.INTERNAL_ERROR,
        "The server failed; its log has the reason under this request id",
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
    return f"{scope['method']} {printable(scope['path'])}"


async def _on_refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return refusal(request.scope, error)


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    fallback = ErrorCode.INTERNAL_ERROR if error.status_code >= 500 else ErrorCode.BAD_REQUEST
    status = HTTPStatus(error.status_code)
    # The framework's own errors contain only the name of the status.
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
        "The request has an invalid value",
        "; ".join(problems),
    )
