"""What the server refuses, and the one shape in which HTTP says so."""

import logging
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.request_id import REQUEST_ID_HEADER, request_id_of

logger = logging.getLogger(__name__)


class ApiError(Exception):
    """A refusal whose message is written for whoever asked."""


class StartError(ApiError):
    """The server cannot start as it was asked to."""


class ErrorCode(StrEnum):
    """The reasons that a client may act upon."""

    BAD_REQUEST = "BAD_REQUEST"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    VALIDATION_ERROR = "VALIDATION_ERROR"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class ErrorResponse(BaseModel):
    """The body of every refusal."""

    error: str
    error_code: ErrorCode
    details: str | None = None
    timestamp: datetime = Field(default_factory=lambda: datetime.now(UTC))
    request_id: str | None = None


_CODES = {
    HTTPStatus.NOT_FOUND: ErrorCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorCode.METHOD_NOT_ALLOWED,
    HTTPStatus.UNPROCESSABLE_ENTITY: ErrorCode.VALIDATION_ERROR,
}
_SENTENCES = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address; /api/docs lists what there is",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method",
}


def install_error_handlers(app: FastAPI) -> None:
    """Make every refusal of `app`'s own routes an ErrorResponse."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_bad_input)
    app.add_exception_handler(Exception, _on_failure)


def _respond(
    request: Request, status: int, code: ErrorCode, error: str, details: str | None = None
) -> JSONResponse:
    request_id = request_id_of(request.scope)
    body = ErrorResponse(error=error, error_code=code, details=details, request_id=request_id)
    return JSONResponse(
        body.model_dump(mode="json"), status, headers={REQUEST_ID_HEADER: request_id}
    )


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    fallback = ErrorCode.INTERNAL_ERROR if error.status_code >= 500 else ErrorCode.BAD_REQUEST
    status = HTTPStatus(error.status_code)
    # The framework's own refusals carry nothing but the status's name.
    sentence = error.detail if error.detail != status.phrase else _SENTENCES.get(status)
    target = f"{request.method} {request.url.path}"
    response = _respond(
        request, status, _CODES.get(status, fallback), sentence or status.phrase, target
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
        request,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ErrorCode.VALIDATION_ERROR,
        "The request holds a value that is not what was expected",
        "; ".join(problems),
    )


async def _on_failure(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _respond(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        ErrorCode.INTERNAL_ERROR,
        "The server failed to answer; its log says why under this request id",
    )
