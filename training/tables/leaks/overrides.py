"""Keeps flagged columns that a user wants to train on, with who and why on record."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from training.tables.descriptions import TypedTable
from training.tables.errors import TableError
from training.tables.printable import printable


class Override(BaseModel):
    """The decision of a user to keep a column that was flagged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    who: str
    why: str


def check_overrides(overrides: Sequence[Override], typed: TypedTable, target: str) -> None:
    """Raises TableError if one names no feature of the table, nobody or no reason."""
    for override in overrides:
        name = printable(override.column)
        if override.column not in typed.table.column_names or override.column == target:
            raise TableError(f"Expected a column to keep, but there is no feature '{name}'.")
        if not override.who.strip() or not override.why.strip():
            raise TableError(f"Expected who keeps the column '{name}', and why, but one is empty.")
