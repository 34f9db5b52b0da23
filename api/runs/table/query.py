"""What a client asks of the table of runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.runs.table.fields import Attribute, FieldKind, RunField
from api.runs.table.run_filter import Comparison

NEWEST = RunField(FieldKind.ATTRIBUTES, Attribute.START_TIME)


@dataclass(frozen=True, kw_only=True)
class Group:
    """The runs with one value of a param or a tag; None for those without it."""

    field: RunField
    value: str | None


@dataclass(frozen=True, kw_only=True)
class RunSelection:
    """Which runs; a run must fulfil everything that is given."""

    experiment: str | None = None
    name: str = ""
    """Part of the run's name, or the beginning of its id."""

    comparisons: Sequence[Comparison] = ()
    group: Group | None = None
    parent: str | None = None
    is_top_level: bool = False
    """Without the runs whose parent is among the others, so that each is once in a tree."""


@dataclass(frozen=True, kw_only=True)
class TableQuery:
    """Runs in an order, with columns."""

    selection: RunSelection
    order_by: RunField = NEWEST
    is_descending: bool = True
    columns: Sequence[RunField] = ()
