"""Keeps rows that people have named: a name is taken once in a workspace, and the rows are bounded."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from api.errors import ConflictError, NotFoundError
from api.pages import Listed, Page
from api.storage.database import Database, page_of
from api.timestamps import unix_ms
from tracking_plugin.printable import printable

_LONGEST_SHOWN = 64

NamedRow = Row[Any]
Guard = Callable[[Connection, NamedRow], None]


@dataclass(frozen=True, kw_only=True)
class RowWords:
    """How messages call the rows: one of them, all of them, and the request that lists them."""

    one: str
    many: str
    listing: str


class NamedRows:
    """Blocking; each method is one transaction.

    The table has its own key, and the columns workspace, name, created_ms and updated_ms. Methods
    raise NotFoundError for a row that does not exist, ConflictError for a name that is taken.
    """

    def __init__(
        self,
        database: Database,
        table: Table,
        words: RowWords,
        *,
        max_rows: int,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        """`max_rows` are kept in each workspace."""
        self._database = database
        self._table = table
        self._key = next(iter(table.primary_key.columns))
        self._words = words
        self._max_rows = max_rows
        self._now_ms = now_ms

    def add(self, workspace: str | None, name: str, values: Mapping[str, Any]) -> NamedRow:
        """Raises ConflictError if the name is taken, or if there are too many rows."""
        now_ms = self._now_ms()
        with self._changing(name) as connection:
            self._check_name(connection, workspace, name)
            if self._count(connection, workspace) >= self._max_rows:
                raise ConflictError(
                    f"There are already {self._max_rows} {self._words.many}, and no more are kept: "
                    "delete one that nobody needs"
                )
            added = connection.execute(
                insert(self._table).values(
                    workspace=workspace or "",
                    name=name,
                    created_ms=now_ms,
                    updated_ms=now_ms,
                    **values,
                )
            )
            assert added.inserted_primary_key is not None
            return self._found(connection, workspace, added.inserted_primary_key[0])

    def find(self, workspace: str | None, row_id: str | int) -> NamedRow:
        with self._database.read() as connection:
            return self._found(connection, workspace, row_id)

    def listed(
        self, workspace: str | None, page: Page, *wanted: ColumnElement[bool]
    ) -> Listed[NamedRow]:
        """By name."""
        query = select(self._table).where(self._in_workspace(workspace), *wanted)
        by_name = query.order_by(func.lower(self._table.c.name), self._key)
        with self._database.read() as connection:
            return page_of(connection, by_name, page, lambda row: row)

    def count(self, workspace: str | None) -> int:
        with self._database.read() as connection:
            return self._count(connection, workspace)

    def rename(self, workspace: str | None, row_id: str | int, name: str) -> NamedRow:
        with self._changing(name) as connection:
            if self._found(connection, workspace, row_id).name != name:
                self._check_name(connection, workspace, name)
                self._update(connection, row_id, {"name": name})
            return self._found(connection, workspace, row_id)

    def change(
        self, workspace: str | None, row_id: str | int, values: Mapping[str, Any]
    ) -> NamedRow:
        """Change other columns than the name."""
        with self._database.begin() as connection:
            self._found(connection, workspace, row_id)
            self._update(connection, row_id, values)
            return self._found(connection, workspace, row_id)

    def remove(
        self, workspace: str | None, row_id: str | int, *, guard: Guard | None = None
    ) -> None:
        """`guard` sees the row in the same transaction, and raises if it must stay."""
        with self._database.begin() as connection:
            row = self._found(connection, workspace, row_id)
            if guard is not None:
                guard(connection, row)
            connection.execute(delete(self._table).where(self._key == row_id))

    def _update(self, connection: Connection, row_id: str | int, values: Mapping[str, Any]) -> None:
        connection.execute(
            update(self._table)
            .where(self._key == row_id)
            .values(updated_ms=self._now_ms(), **values)
        )

    @contextmanager
    def _changing(self, name: str) -> Iterator[Connection]:
        """A transaction; another server may take the name between its look-up and its end."""
        try:
            with self._database.begin() as connection:
                yield connection
        except IntegrityError:
            raise self._name_is_taken(name) from None

    def _in_workspace(self, workspace: str | None) -> ColumnElement[bool]:
        return self._table.c.workspace == (workspace or "")

    def _check_name(self, connection: Connection, workspace: str | None, name: str) -> None:
        same = select(self._key).where(self._in_workspace(workspace), self._table.c.name == name)
        if connection.execute(same).first() is not None:
            raise self._name_is_taken(name)

    def _name_is_taken(self, name: str) -> ConflictError:
        one = self._words.one
        return ConflictError(
            f"There is already a {one} named {printable(name, _LONGEST_SHOWN)!r}: "
            f"choose another name, or delete that {one}"
        )

    def _count(self, connection: Connection, workspace: str | None) -> int:
        query = select(func.count()).select_from(self._table).where(self._in_workspace(workspace))
        return int(connection.execute(query).scalar_one())

    def _found(self, connection: Connection, workspace: str | None, row_id: str | int) -> NamedRow:
        query = select(self._table).where(self._in_workspace(workspace), self._key == row_id)
        row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError(
                f"There is no {self._words.one} {printable(str(row_id), _LONGEST_SHOWN)!r}: "
                f"{self._words.listing} lists them"
            )
        return row
