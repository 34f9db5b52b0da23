"""Keeps saved views in the database."""

from collections.abc import Callable
from uuid import uuid4

from api.pages import Listed, Page
from api.saved_views.schemas import NewView, SavedView, ViewPage
from api.storage.database import Database
from api.storage.named_rows import NamedRow, NamedRows, RowWords
from api.storage.tables import saved_views
from api.timestamps import unix_ms, utc

MAX_VIEWS = 500
"""In each workspace."""

_WORDS = RowWords(one="view", many="saved views", listing="GET /api/v1/views")


class SavedViewStore:
    """Blocking; each method is one transaction."""

    def __init__(
        self,
        database: Database,
        *,
        max_views: int = MAX_VIEWS,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        self._rows = NamedRows(database, saved_views, _WORDS, max_rows=max_views, now_ms=now_ms)

    def add(self, workspace: str | None, view: NewView) -> SavedView:
        """Raises ConflictError if the name is taken, or if there are too many views."""
        values = {"view_id": uuid4().hex, "page": view.page.value, "query": view.query}
        return _view(self._rows.add(workspace, view.name, values))

    def find(self, workspace: str | None, view_id: str) -> SavedView:
        """Raises NotFoundError if there is no such view."""
        return _view(self._rows.find(workspace, view_id))

    def listed(
        self, workspace: str | None, view_page: ViewPage | None, page: Page
    ) -> Listed[SavedView]:
        """By name."""
        wanted = [] if view_page is None else [saved_views.c.page == view_page.value]
        found = self._rows.listed(workspace, page, *wanted)
        return Listed([_view(row) for row in found.entries], found.total)

    def rename(self, workspace: str | None, view_id: str, name: str) -> SavedView:
        """Raises NotFoundError if there is no such view, ConflictError if the name is taken."""
        return _view(self._rows.rename(workspace, view_id, name))

    def remove(self, workspace: str | None, view_id: str) -> None:
        """Raises NotFoundError if there is no such view."""
        self._rows.remove(workspace, view_id)


def _view(row: NamedRow) -> SavedView:
    return SavedView(
        view_id=row.view_id,
        name=row.name,
        page=ViewPage(row.page),
        query=row.query,
        created_at=utc(row.created_ms),
        updated_at=utc(row.updated_ms),
    )
