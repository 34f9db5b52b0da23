"""Pagination of lists: `limit` and `offset`, and the header with the total number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Query, Response

T = TypeVar("T")

TOTAL_COUNT_HEADER = "X-Total-Count"

Limit = Annotated[int, Query(ge=1, le=10_000, description="maximum number of entries")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="number of entries to skip")]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of a list: `limit` entries after the first `offset`."""

    limit: int
    offset: int = 0

    def of(self, entries: Sequence[T]) -> Sequence[T]:
        return entries[self.offset : self.offset + self.limit]


@dataclass(frozen=True)
class Listed(Generic[T]):
    """The entries of a page, and the number of entries on all pages."""

    entries: list[T]
    total: int

    def with_total_header(self, response: Response) -> list[T]:
        """The entries; sets the header X-Total-Count of `response`."""
        response.headers[TOTAL_COUNT_HEADER] = str(self.total)
        return self.entries
