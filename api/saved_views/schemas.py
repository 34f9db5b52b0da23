"""The types of the requests and responses about saved views."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

LONGEST_NAME = 250
LONGEST_QUERY = 20_000
"""Characters; a comparison names up to 200 runs by their ids."""


class ViewPage(StrEnum):
    """The pages whose views can be saved."""

    TABLE = "table"
    COMPARISON = "compare"


_NO_NUL = r"^[^\x00]*$"
"""PostgreSQL stores no character NUL."""

ViewName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=LONGEST_NAME, pattern=_NO_NUL
    ),
    Field(description="not the name of another view"),
]


class NewView(BaseModel):
    """A view to save."""

    name: ViewName
    page: ViewPage
    query: str = Field(
        max_length=LONGEST_QUERY,
        pattern=_NO_NUL,
        description="what follows the ? in the page's address",
    )


class ViewChange(BaseModel):
    """The new name of a view."""

    name: ViewName


class SavedView(BaseModel):
    """A saved view; the dashboard shows it at /monitor/#/views/VIEW_ID."""

    view_id: str
    name: str
    page: ViewPage
    query: str
    created_at: datetime
    updated_at: datetime


class ViewDeleted(BaseModel):
    """The answer to the deletion of a view."""

    view_id: str
