"""Stage 3: chooses the columns that models are trained on, and says why others are left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from training.recipes.tables.stages.analysis import Analysis
from training.tables.descriptions import ColumnKind
from training.tables.errors import TableError
from training.tables.leaks.leak_report import LeakReport
from training.tables.understanding import UnderstoodTable


@dataclass(frozen=True, kw_only=True)
class ChosenColumns:
    """The columns of features, in the order of the table, and the reason of each other column."""

    features: tuple[str, ...]
    left_out: Mapping[str, str]

    def document(self) -> Mapping[str, Any]:
        return {"features": list(self.features), "left_out": dict(self.left_out)}


class DataProcessing:
    def run(self, analysis: Analysis) -> ChosenColumns:
        """Raises TableError if no column is left to learn from."""
        left_out = reasons_left_out(analysis, analysis.leaks)
        names = analysis.typed.table.column_names
        features = tuple(name for name in names if name not in left_out)
        if not features:
            raise TableError(
                "Expected at least one column to learn from, but all are left out: they name rows, "
                "are constant or give the answer away. Upload a table with measurements, or keep a "
                "column by an override."
            )
        return ChosenColumns(features=features, left_out=left_out)


def reasons_left_out(table: UnderstoodTable, leaks: LeakReport) -> dict[str, str]:
    """The reasons by column; the first that applies."""
    found: dict[str, str] = {}
    kept = {leak.column for leak in leaks.leaks if leak.override is not None}
    for name, reason in _reasons(table, leaks):
        if name not in kept:
            found.setdefault(name, reason)
    for first, *repeated in table.profile.duplicate_columns:
        for name in repeated:
            # What holds for a column holds for its copies.
            found.setdefault(name, found.get(first, f"It repeats the column '{first}'."))
    return found


def _reasons(table: UnderstoodTable, leaks: LeakReport) -> Iterator[tuple[str, str]]:
    """Column and reason, the most important reasons first."""
    yield table.target.column, "It is the target."
    for leak in leaks.leaks:
        if leak.left_out:
            yield leak.column, f"It may give the answer away: {leak.reason}"
    if table.group.column is not None:
        yield table.group.column, "It names the groups of rows that stay together."
    empty = [item.name for item in table.typed.columns if item.kind is ColumnKind.EMPTY]
    yield from ((name, "It has no value.") for name in empty)
    constant = table.profile.constant_columns
    yield from ((name, "It has the same value in all rows.") for name in constant)
    yield from ((name, "It only names rows.") for name in leaks.row_names)
