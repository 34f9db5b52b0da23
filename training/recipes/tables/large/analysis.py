"""Stage 2 of a large table: understands its sample, and which rows belong together in all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.recipes.tables.config import TablesConfig
from training.recipes.tables.stages.understanding import understood
from training.tables.large.report_notes import always_left_out, sample_left_out
from training.tables.large.sample import TableSample
from training.tables.large.training import LargeTable
from training.tables.understanding import UnderstoodTable


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
        return LargeAnalysis(sample=sample, understood=understood(config, sample.read, sample))
