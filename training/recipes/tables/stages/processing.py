"""Stage 3: chooses the columns that models are trained on, and says why others are left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from training.recipes.tables.stages.analysis import Analysis
from training.tables.descriptions import ColumnKind
from training.tables.errors import TableError


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
        left_out = _left_out(analysis)
        names = analysis.typed.table.column_names
        features = tuple(name for name in names if name not in left_out)
        if not features:
            raise TableError(
                "Expected at least one column to learn from, but all are left out: they name rows, "
                "are constant or give the answer away. Upload a table with measurements, or keep a "
                "column by an override."
            )
        return ChosenColumns(features=features, left_out=left_out)


def _left_out(analysis: Analysis) -> dict[str, str]:
    """The reasons by column; the first that applies."""
    found: dict[str, str] = {}
    kept = {leak.column for leak in analysis.leaks.leaks if leak.override is not None}
    for name, reason in _reasons(analysis):
        if name not in kept:
            found.setdefault(name, reason)
    for first, *repeated in analysis.profile.duplicate_columns:
        for name in repeated:
            # What holds for a column holds for its copies.
            found.setdefault(name, found.get(first, f"It repeats the column '{first}'."))
    return found


def _reasons(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Column and reason, the most important reasons first."""
    yield analysis.target.column, "It is the target."
    for leak in analysis.leaks.leaks:
        if leak.left_out:
            yield leak.column, f"It may give the answer away: {leak.reason}"
    if analysis.group.column is not None:
        yield analysis.group.column, "It names the groups of rows that stay together."
    empty = [item.name for item in analysis.typed.columns if item.kind is ColumnKind.EMPTY]
    yield from ((name, "It has no value.") for name in empty)
    constant = analysis.profile.constant_columns
    yield from ((name, "It has the same value in all rows.") for name in constant)
    yield from ((name, "It only names rows.") for name in analysis.row_names)
