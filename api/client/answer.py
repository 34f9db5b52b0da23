"""Reads the server's answers as typed values."""

import re
from typing import TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from api.client.refusals import NotFoveaError, refusal_of
from api.client.report_page import ReportPage
from api.pages import TOTAL_COUNT_HEADER, Listed
from api.reports.schemas import STORED_HEADER

T = TypeVar("T")
Entry = TypeVar("Entry")

_FILE_NAME = re.compile(r'filename="([A-Za-z0-9-]{1,100}\.html)"')


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
        raise _unexpected(response) from None


def read_page(response: httpx.Response, kind: type[list[Entry]]) -> Listed[Entry]:
    """The entries of one page, and their number on all pages; raises as `read_answer` does."""
    entries = read_answer(response, kind)
    total = response.headers.get(TOTAL_COUNT_HEADER, "")
    return Listed(entries, int(total) if total.isdecimal() else len(entries))


def read_report(response: httpx.Response) -> ReportPage:
    """The page of a report; raises as `read_answer` does."""
    if not response.is_success:
        raise refusal_of(response)
    named = _FILE_NAME.search(response.headers.get("Content-Disposition", ""))
    if named is None:
        raise _unexpected(response)
    stored_as = response.headers.get(STORED_HEADER)
    return ReportPage(html=response.text, file_name=named[1], stored_as=stored_as)


def _unexpected(response: httpx.Response) -> NotFoveaError:
    return NotFoveaError(
        f"The answer of {response.request.url.copy_with(query=None)} has an unexpected form: "
        "check that it is a Fovea server, and of the same version as this client"
    )
