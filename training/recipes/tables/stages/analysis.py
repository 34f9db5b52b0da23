"""Stage 2: types, target, groups and parts of the table, and the columns that give it away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.recipes.tables.config import TablesConfig
from training.recipes.tables.stages.understanding import understood
from training.tables.labels import Labels, read_labels
from training.tables.leak_check import LeakSettings, find_leaks
from training.tables.leaks.leak_report import LeakReport
from training.tables.reader import ReadTable
from training.tables.split import split_table
from training.tables.splits.table_split import SplitSettings, TableSplit
from training.tables.understanding import UnderstoodTable

LEAK_CHECK_SHARE = 0.5
"""Longest time of the search for leaks, as a share of the budget for training."""
MIN_LEAK_CHECK_S = 30.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis(UnderstoodTable):
    """What is known of the table before any model is trained."""

    labels: Labels
    split: TableSplit
    leaks: LeakReport

    def document(self) -> Mapping[str, Any]:
        return {**super().document(), "split": self.split.summary.model_dump(mode="json")}


class DataAnalysis:
    def run(self, config: TablesConfig, read: ReadTable) -> Analysis:
        """Raises TableError if the table cannot be learned from, or a question has no answer."""
        table = understood(config, read)
        split = split_table(
            table.typed,
            table.target,
            group=table.group.column,
            date=config.date or None,
            ignored=table.identifiers,
            settings=split_settings(config),
        )
        leaks = find_leaks(
            table.typed,
            table.target,
            split,
            row_names=table.identifiers,
            overrides=config.overrides,
            settings=leak_settings(config),
        )
        return Analysis(
            typed=table.typed,
            profile=table.profile,
            target=table.target,
            group=table.group,
            labels=read_labels(table.typed, table.target),
            split=split,
            leaks=leaks,
        )


def split_settings(config: TablesConfig) -> SplitSettings:
    return SplitSettings(
        holdout_share=config.holdout_share, num_folds=config.num_folds, seed=config.seed
    )


def leak_settings(config: TablesConfig) -> LeakSettings:
    return LeakSettings(
        deadline_s=max(MIN_LEAK_CHECK_S, LEAK_CHECK_SHARE * config.budget_s), seed=config.seed
    )
