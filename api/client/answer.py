"""Reads the server's answers as typed values."""

from typing import TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from api.client.refusals import NotFoveaError, refusal_of
from api.pages import TOTAL_COUNT_HEADER, Listed

T = TypeVar("T")
Entry = TypeVar("Entry")


def read_answer(response: httpx.Response, kind: type[T]) -> T:
    """The body as a `kind`.

    Raises RequestRefusedError if the server refused the request, and NotFoveaError if the answer
    is not one that a Fovea server of this version gives.
    """
    if not response.is_success:
        raise refusal_of(response)
    try:
        return TypeAdapter(kind).validate_json(response.content)
    except ValidationError:
        raise NotFoveaError(
            f"The answer of {response.request.url.copy_with(query=None)} has an unexpected form: "
            "check that it is a Fovea server, and of the same version as this client"
        ) from None


def read_page(response: httpx.Response, kind: type[list[Entry]]) -> Listed[Entry]:
    """The entries of one page, and their number on all pages; raises as `read_answer` does."""
    entries = read_answer(response, kind)
    total = response.headers.get(TOTAL_COUNT_HEADER, "")
    return Listed(entries, int(total) if total.isdecimal() else len(entries))
