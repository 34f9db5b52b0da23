"""How a route documents its response by an example, and the errors that it can return."""

from typing import Any

from api.errors import ErrorResponse
from api.pages import TOTAL_COUNT_HEADER

_Responses = dict[int | str, dict[str, Any]]

REFUSED_BY_MIDDLEWARE: _Responses = {
    403: {"model": ErrorResponse, "description": "The Host or the Origin is not allowed"},
    413: {"model": ErrorResponse, "description": "The body is too large"},
}
"""The errors of every route."""

REFUSALS: _Responses = {
    404: {
        "model": ErrorResponse,
        "description": "The run, workspace or other object does not exist",
    },
    422: {"model": ErrorResponse, "description": "A value is not valid"},
    503: {"model": ErrorResponse, "description": "A database is unreachable"},
}
"""The errors of every route about runs."""

NAMED_REFUSALS: _Responses = {
    **REFUSALS,
    400: {"model": ErrorResponse, "description": "The body is not JSON"},
    409: {"model": ErrorResponse, "description": "The name is taken, or it is in use"},
}
"""The errors of routes about what people have named."""


def documented(
    example: Any, *, is_list: bool = False, is_counted: bool = True, status: int = 200
) -> _Responses:
    """The `responses` of a route that returns `example`; a counted list has a header with its length."""
    shown: dict[str, Any] = {
        "content": {"application/json": {"example": [example] if is_list else example}}
    }
    if is_list and is_counted:
        shown["headers"] = {
            TOTAL_COUNT_HEADER: {
                "schema": {"type": "integer"},
                "description": "number of entries on all pages",
            }
        }
    return {status: shown}
