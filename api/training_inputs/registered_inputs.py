"""Registers data sets and base models: what a training names by an id."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.sql import ColumnElement

from api.errors import ConflictError
from api.jobs.store import jobs_not_ended_with
from api.pages import Listed, Page
from api.storage.database import Database, in_database
from api.storage.named_rows import NamedRow, NamedRows, RowWords
from api.timestamps import unix_ms
from api.training_inputs.inspection import InputInspector

Input = TypeVar("Input")

MAX_INPUTS = 1000
"""Data sets in each workspace, and as many base models."""


class RegisteredInputs(Generic[Input]):
    """What data sets and base models have alike.

    Methods raise NotFoundError for an id that is not there, ConflictError for a name that is taken.
    A subclass sets the attributes below, and makes its answer of a row.
    """

    _TABLE: Table
    _WORDS: RowWords
    _PARAM: str
    """The parameter of a job that names the id."""

    def __init__(
        self,
        database: Database,
        inspector: InputInspector,
        *,
        max_rows: int = MAX_INPUTS,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        self._rows = NamedRows(database, self._TABLE, self._WORDS, max_rows=max_rows, now_ms=now_ms)
        self._inspector = inspector
        self._now_ms = now_ms

    async def find(self, workspace: str | None, input_id: int) -> Input:
        return self._answer(await in_database(partial(self._rows.find, workspace, input_id)))

    async def rename(self, workspace: str | None, input_id: int, name: str) -> Input:
        rename = partial(self._rows.rename, workspace, input_id, name)
        return self._answer(await in_database(rename))

    async def remove(self, workspace: str | None, input_id: int) -> None:
        """Raises ConflictError if a job uses it that has not ended."""
        await in_database(
            partial(self._rows.remove, workspace, input_id, guard=self._require_unused)
        )

    async def number_of(self, workspace: str | None) -> int:
        return await in_database(partial(self._rows.count, workspace))

    async def _added(self, workspace: str | None, name: str, values: Mapping[str, Any]) -> Input:
        return self._answer(await in_database(partial(self._rows.add, workspace, name, values)))

    async def _changed(
        self, workspace: str | None, input_id: int, values: Mapping[str, Any]
    ) -> Input:
        change = partial(self._rows.change, workspace, input_id, values)
        return self._answer(await in_database(change))

    async def _listed(
        self, workspace: str | None, page: Page, *wanted: ColumnElement[bool]
    ) -> Listed[Input]:
        """By name."""
        found = await in_database(partial(self._rows.listed, workspace, page, *wanted))
        return Listed([self._answer(row) for row in found.entries], found.total)

    def _require_unused(self, connection: Connection, row: NamedRow) -> None:
        users = jobs_not_ended_with(connection, row.workspace or None, self._PARAM, row[0])
        if users:
            raise ConflictError(
                f"{row.name!r} is used by the job {users[0]}, which has not ended: cancel that job "
                f"with POST /api/jobs/{users[0]}/cancel, or wait for its end"
            )

    def _answer(self, row: NamedRow) -> Input:
        raise NotImplementedError
