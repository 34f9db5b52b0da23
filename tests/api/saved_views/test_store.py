"""Saved views in a real database."""

import pytest

from api.errors import ConflictError, NotFoundError
from api.pages import Page
from api.saved_views.schemas import NewView, ViewPage
from api.saved_views.store import SavedViewStore
from api.storage.database import Database

PAGE = Page(limit=10)


@pytest.fixture
def store(database: Database) -> SavedViewStore:
    return SavedViewStore(database, max_views=3, now_ms=lambda: 1_000)


def view(name: str, page: ViewPage = ViewPage.TABLE) -> NewView:
    return NewView(name=name, page=page, query="search=a%20b")


def names(store: SavedViewStore, workspace: str | None = None) -> list[str]:
    return [each.name for each in store.listed(workspace, None, PAGE).entries]


def test_views_are_listed_by_name_in_their_workspace(store: SavedViewStore) -> None:
    for name in ("b 😀 <b>", "A"):
        saved = store.add(None, view(name))
        assert store.find(None, saved.view_id) == saved
    compared = store.add("other", view("A", ViewPage.COMPARISON))

    assert names(store) == ["A", "b 😀 <b>"]
    assert names(store, "other") == ["A"]
    assert store.listed(None, ViewPage.COMPARISON, PAGE).total == 0
    assert store.listed("other", ViewPage.COMPARISON, PAGE).entries == [compared]
    with pytest.raises(NotFoundError, match="GET /api/v1/views"):
        store.find(None, compared.view_id)


def test_a_name_is_taken_once(store: SavedViewStore) -> None:
    store.add(None, view("a"))
    other = store.add(None, view("b"))

    with pytest.raises(ConflictError, match="already a view named 'a'"):
        store.add(None, view("a"))
    with pytest.raises(ConflictError, match="already a view named 'a'"):
        store.rename(None, other.view_id, "a")
    assert store.rename(None, other.view_id, "b").name == "b"
    assert store.rename(None, other.view_id, "c").name == "c"
    assert names(store) == ["a", "c"]


def test_no_more_views_are_kept_than_a_list_shows(store: SavedViewStore) -> None:
    first = store.add(None, view("0"))
    for name in "12":
        store.add(None, view(name))

    with pytest.raises(ConflictError, match="already 3 saved views"):
        store.add(None, view("3"))
    store.remove(None, first.view_id)
    store.add(None, view("3"))
    with pytest.raises(NotFoundError):
        store.remove(None, first.view_id)
