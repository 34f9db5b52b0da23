"""Keeps saved views in the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from api.errors import ConflictError, NotFoundError
from api.pages import Listed, Page
from api.saved_views.schemas import NewView, SavedView, ViewPage
from api.storage.database import Database, page_of
from api.storage.tables import saved_views
from api.timestamps import unix_ms, utc
from tracking_plugin.printable import printable

MAX_VIEWS = 500
"""In each workspace."""

_LONGEST_SHOWN = 64


class SavedViewStore:
    """Blocking; each method is one transaction."""

    def __init__(
        self,
        database: Database,
        *,
        max_views: int = MAX_VIEWS,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        self._database = database
        self._max_views = max_views
        self._now_ms = now_ms

    def add(self, workspace: str | None, view: NewView) -> SavedView:
        """Raises ConflictError if the name is taken, or if there are too many views."""
        view_id, now_ms = uuid4().hex, self._now_ms()
        with self._changing(view.name) as connection:
            _check_name(connection, workspace, view.name)
            if _count(connection, workspace) >= self._max_views:
                raise ConflictError(
                    f"There are already {self._max_views} saved views, and no more are kept: "
                    "delete one that nobody needs"
                )
            connection.execute(
                insert(saved_views).values(
                    view_id=view_id,
                    workspace=workspace or "",
                    name=view.name,
                    page=view.page.value,
                    query=view.query,
                    created_ms=now_ms,
                    updated_ms=now_ms,
                )
            )
            return _found(connection, workspace, view_id)

    def find(self, workspace: str | None, view_id: str) -> SavedView:
        """Raises NotFoundError if there is no such view."""
        with self._database.read() as connection:
            return _found(connection, workspace, view_id)

    def listed(
        self, workspace: str | None, view_page: ViewPage | None, page: Page
    ) -> Listed[SavedView]:
        """By name."""
        query = select(saved_views).where(_in_workspace(workspace))
        if view_page is not None:
            query = query.where(saved_views.c.page == view_page.value)
        by_name = query.order_by(func.lower(saved_views.c.name), saved_views.c.view_id)
        with self._database.read() as connection:
            return page_of(connection, by_name, page, _view)

    def rename(self, workspace: str | None, view_id: str, name: str) -> SavedView:
        """Raises NotFoundError if there is no such view, ConflictError if the name is taken."""
        with self._changing(name) as connection:
            if _found(connection, workspace, view_id).name != name:
                _check_name(connection, workspace, name)
                connection.execute(
                    update(saved_views)
                    .where(saved_views.c.view_id == view_id)
                    .values(name=name, updated_ms=self._now_ms())
                )
            return _found(connection, workspace, view_id)

    def remove(self, workspace: str | None, view_id: str) -> None:
        """Raises NotFoundError if there is no such view."""
        with self._database.begin() as connection:
            _found(connection, workspace, view_id)
            connection.execute(delete(saved_views).where(saved_views.c.view_id == view_id))

    @contextmanager
    def _changing(self, name: str) -> Iterator[Connection]:
        """A transaction; another server may take the name between its look-up and its end."""
        try:
            with self._database.begin() as connection:
                yield connection
        except IntegrityError:
            raise _name_is_taken(name) from None


def _in_workspace(workspace: str | None) -> ColumnElement[bool]:
    return saved_views.c.workspace == (workspace or "")


def _check_name(connection: Connection, workspace: str | None, name: str) -> None:
    same = select(saved_views.c.view_id).where(_in_workspace(workspace), saved_views.c.name == name)
    if connection.execute(same).first() is not None:
        raise _name_is_taken(name)


def _name_is_taken(name: str) -> ConflictError:
    return ConflictError(
        f"There is already a view named {printable(name, _LONGEST_SHOWN)!r}: "
        "choose another name, or delete that view"
    )


def _count(connection: Connection, workspace: str | None) -> int:
    query = select(func.count()).select_from(saved_views).where(_in_workspace(workspace))
    return int(connection.execute(query).scalar_one())


def _found(connection: Connection, workspace: str | None, view_id: str) -> SavedView:
    query = select(saved_views).where(_in_workspace(workspace), saved_views.c.view_id == view_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no view {printable(view_id, _LONGEST_SHOWN)!r}: GET /api/v1/views lists them"
        )
    return _view(row)


def _view(row: Row[Any]) -> SavedView:
    return SavedView(
        view_id=row.view_id,
        name=row.name,
        page=ViewPage(row.page),
        query=row.query,
        created_at=utc(row.created_ms),
        updated_at=utc(row.updated_ms),
    )
