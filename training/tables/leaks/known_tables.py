"""Recognises tables that are known to give their labels away, such as those of NASA."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict


class Measurement(BaseModel):
    """The column of a measurement; `times` converts it to the unit that its name says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    times: float = 1.0


class ArchivedTable(BaseModel):
    """Where a table can be fetched, and how it joins the tables of other missions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mission: str
    file: str
    """Name of a local copy."""
    url: str
    """A query of the archive's TAP service, whose answer is CSV."""
    classes: dict[str, str]
    """Class in a joined table by label; rows with other labels are left out there."""
    measurements: dict[str, Measurement]
    """By the name in a joined table."""


class KnownTable(BaseModel):
    """A table by the names of its columns; patterns have `*` for any text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    has: tuple[str, ...]
    """Columns by which the table is recognised."""
    label: str
    group: str
    leaks: dict[str, str]
    """Reason by pattern of columns that give the label away."""
    missingness: dict[str, str]
    """Reason by pattern of columns whose missing cells do."""
    identifiers: tuple[str, ...]
    undecided: tuple[str, ...]
    """Labels that say that nothing is decided."""
    archive: ArchivedTable | None = None


class _KnownTables(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: tuple[KnownTable, ...]


@cache
def known_tables() -> tuple[KnownTable, ...]:
    """All tables of `known_tables.yaml`."""
    resource = resources.files("training.tables.leaks") / "known_tables.yaml"
    return _KnownTables.model_validate(yaml.safe_load(resource.read_bytes())).tables


def recognise(columns: Iterable[str]) -> KnownTable | None:
    """The table that has these columns; None if it is not known."""
    present = set(columns)
    return next((table for table in known_tables() if present.issuperset(table.has)), None)


def archived_tables() -> dict[str, KnownTable]:
    """The tables that can be fetched, by their missions."""
    return {table.archive.mission: table for table in known_tables() if table.archive is not None}


def reason_for(column: str, patterns: Mapping[str, str]) -> str | None:
    """The reason of the first pattern that the name of the column fits; None if none does."""
    fitting = (reason for pattern, reason in patterns.items() if fnmatchcase(column, pattern))
    return next(fitting, None)
