"""Summarises a typed table as plain JSON of bounded size."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from training.tables.columns.column_profile import ColumnProfile
from training.tables.descriptions import ColumnDescription
from training.tables.printable import printable
from training.tables.reader import ReadTable
from training.tables.target import TargetChoice
from training.tables.understanding import UnclearTable, UnderstoodTable

MAX_COLUMNS = 500
"""That are described; `num_columns` counts all."""
MAX_NOTES = 20
MAX_NAMED = 100
"""Columns in a list of names."""
MAX_CLASSES = 100
"""Whose rows are counted, the most frequent ones; `num_classes` counts all."""
MAX_NAME_CHARS = 200


@dataclass(frozen=True, kw_only=True)
class TableSummary:
    read: ReadTable
    found: UnderstoodTable | UnclearTable
    num_rows: int
    """Of the table, of which `read` may be a sample."""

    def as_json(self) -> Mapping[str, Any]:
        typed, found = self.found.typed, self.found.profile
        pairs = zip(typed.columns[:MAX_COLUMNS], found.columns[:MAX_COLUMNS], strict=True)
        return {
            "file_type": str(self.read.file_type),
            "sheet": self.read.sheet,
            "num_rows": self.num_rows,
            "num_columns": found.num_columns,
            "columns": [_column(description, profiled) for description, profiled in pairs],
            "profile": {
                "num_duplicate_rows": found.num_duplicate_rows,
                "num_duplicate_rows_without_identifiers": (
                    found.num_duplicate_rows_without_identifiers
                ),
                "constant_columns": _names(found.constant_columns),
                "duplicate_columns": [
                    _names(names) for names in found.duplicate_columns[:MAX_NAMED]
                ],
                "identifier_columns": [
                    {"column": it.column, "reason": it.reason}
                    for it in found.identifier_columns[:MAX_NAMED]
                ],
                "group_candidates": [
                    {"column": it.column, "num_groups": it.num_groups, "reason": it.reason}
                    for it in found.group_candidates[:MAX_NAMED]
                ],
                "date_columns": _names(found.date_columns),
            },
            "target": None,
            "group": None,
            "offers": [],
            "notes": [*typed.notes[:MAX_NOTES]],
            **(_understood(self.found) if isinstance(self.found, UnderstoodTable) else {}),
        }


def _understood(table: UnderstoodTable) -> Mapping[str, Any]:
    notes, group = table.typed.notes[:MAX_NOTES], table.group
    return {
        "target": _target(table.target),
        "group": None if group.column is None else asdict(group),
        "offers": [asdict(offer) for offer in table.target.offers],
        "notes": [*notes, group.sentence] if group.column is None else [*notes],
    }


def _column(description: ColumnDescription, profiled: ColumnProfile) -> Mapping[str, Any]:
    problem = description.problem
    return {
        "name": description.name,
        "kind": str(description.kind),
        "unit": description.unit,
        "num_missing": description.num_missing,
        "num_distinct": profiled.num_distinct,
        "notes": [*description.notes[:MAX_NOTES]],
        "problem": None if problem is None else asdict(problem),
    }


def _target(target: TargetChoice) -> Mapping[str, Any]:
    frequent = sorted(target.classes, key=lambda name: -target.classes[name])[:MAX_CLASSES]
    counted = {name: target.classes[name] for name in target.classes if name in set(frequent)}
    return {
        "column": target.column,
        "problem_type": str(target.problem_type),
        "num_classes": len(target.classes),
        "classes": {printable(name, MAX_NAME_CHARS): count for name, count in counted.items()},
        "undecided": [*target.undecided],
        "ranks_undecided": target.ranks_undecided,
        "num_unlabelled": target.num_unlabelled,
        "reason": target.reason,
        "alternatives": [*target.alternatives],
        "notes": [*target.notes[:MAX_NOTES]],
    }


def _names(names: tuple[str, ...]) -> list[str]:
    return [*names[:MAX_NAMED]]
