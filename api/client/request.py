"""One request to a server and the type of its answer, whoever sends it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from api.client.refusals import NotFoveaError, refusal_of
from api.pages import TOTAL_COUNT_HEADER, Listed

T = TypeVar("T")
Entry = TypeVar("Entry")

TIMEOUT_S = 30.0
"""For an answer that waits for nothing."""


@dataclass(frozen=True)
class ApiRequest(Generic[T]):
    """A GET, unless `method` says otherwise; `waits_s` is for how long the server may hold its answer back."""

    path: str
    answer: TypeAdapter[T]
    query: Mapping[str, str | int] = field(default_factory=dict)
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    waits_s: float = 0.0

    def answer_in(self, response: httpx.Response) -> T:
        """What the server said; ApiError where it refused or is no Fovea server."""
        if not response.is_success:
            raise refusal_of(response)
        try:
            return self.answer.validate_json(response.content)
        except ValidationError:
            raise NotFoveaError(
                f"{response.request.url.copy_with(query=None)} was answered with something else "
                "than expected: is it a Fovea server, and of this version?"
            ) from None

    def listed_in(self: "ApiRequest[list[Entry]]", response: httpx.Response) -> "Listed[Entry]":
        """As `answer_in`, with the number of entries on all pages."""
        entries = self.answer_in(response)
        total = response.headers.get(TOTAL_COUNT_HEADER, "")
        return Listed(entries, int(total) if total.isdecimal() else len(entries))


def drop_none(**values: Any) -> dict[str, Any]:
    """Those that are not None: the rest is left to the server."""
    return {name: value for name, value in values.items() if value is not None}
