"""Lists that are too long to be answered at once: which part is wanted, and how many there are in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Query, Response

T = TypeVar("T")

TOTAL_COUNT_HEADER = "X-Total-Count"

Limit = Annotated[int, Query(ge=1, le=10_000, description="at most this many")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="leave out this many first")]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of a list: `limit` entries after the first `offset`."""

    limit: int
    offset: int = 0

    def of(self, entries: Sequence[T]) -> Sequence[T]:
        return entries[self.offset : self.offset + self.limit]


@dataclass(frozen=True)
class Listed(Generic[T]):
    """What a page holds, and how many entries all pages hold together."""

    entries: list[T]
    total: int

    def announced(self, response: Response) -> list[T]:
        """The entries, their total said in the header of `response`."""
        response.headers[TOTAL_COUNT_HEADER] = str(self.total)
        return self.entries
