"""What is read of the runs of a table, before it becomes a response."""

from dataclasses import dataclass, field
from typing import Any

from api.runs.table.fields import TEXT_KINDS, FieldKind


@dataclass
class ReadRow:
    """A run with its columns; `row` has the columns of SqlRuns.active_runs."""

    row: Any
    num_children: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    texts: dict[FieldKind, dict[str, str]] = field(
        default_factory=lambda: {kind: {} for kind in TEXT_KINDS}
    )

    @property
    def params(self) -> dict[str, str]:
        return self.texts[FieldKind.PARAMS]

    @property
    def tags(self) -> dict[str, str]:
        return self.texts[FieldKind.TAGS]


@dataclass
class GroupedRuns:
    """The value by which each run is grouped, by run id, and the newest values of its metrics."""

    values: dict[str, str | None]
    newest: list[tuple[str, str, float]] = field(default_factory=list)
    """Run id, name and value; NaN as it is."""
