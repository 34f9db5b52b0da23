"""Stage 2 of a large table: understands its sample, and which rows belong together in all of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from training.recipes.tables.config import TablesConfig
from training.recipes.tables.stages.understanding import GroupChoice, UnderstoodTable, understand
from training.tables.large.group_search import find_repeated
from training.tables.large.report_notes import always_left_out, sample_left_out
from training.tables.large.sample import TableSample
from training.tables.large.training import LargeTable


@dataclass(frozen=True, kw_only=True, eq=False)
class LargeAnalysis:
    """What the sample says of the table."""

    sample: TableSample
    understood: UnderstoodTable

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is known now to be left out; the training may add to it."""
        return (
            *always_left_out(group=self.understood.group.column),
            *sample_left_out(len(self.sample.row_numbers), self.sample.num_rows),
        )

    @property
    def table(self) -> LargeTable:
        return LargeTable(
            sample=self.sample,
            typed=self.understood.typed,
            target=self.understood.target,
            group=self.understood.group.column,
            row_names=self.understood.identifiers,
        )

    def document(self) -> Mapping[str, Any]:
        """As that of a table in memory, but for the parts, which are only known after training."""
        return {
            **self.understood.document(),
            "sample": {
                "num_rows": self.sample.num_rows,
                "num_sampled": len(self.sample.row_numbers),
            },
            "left_out": list(self.left_out),
        }


class LargeAnalysisStage:
    def run(self, config: TablesConfig, sample: TableSample) -> LargeAnalysis:
        """Raises TableError if the table cannot be learned from, or a question has no answer."""
        found = understand(config, sample.read)
        if found.group.column is None and config.grouped:
            found = replace(found, group=_hidden_group(found, sample))
        return LargeAnalysis(sample=sample, understood=found)


def _hidden_group(found: UnderstoodTable, sample: TableSample) -> GroupChoice:
    """A star of three rows in millions may come once in the sample, where it seems to name a row."""
    columns = [name for name in found.identifiers if name != found.target.column]
    for repeated in find_repeated(sample, columns):
        return GroupChoice(column=repeated.column, reason=repeated.reason)
    return found.group
