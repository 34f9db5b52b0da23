"""Stage 2: types, target, groups and parts of the table, and the columns that give it away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.recipes.tables.config import TablesConfig
from training.recipes.tables.question_error import UnansweredError, require_answered
from training.tables.column_types import type_columns
from training.tables.descriptions import TypedTable
from training.tables.labels import Labels, read_labels
from training.tables.leak_check import LeakSettings, find_leaks
from training.tables.leaks.leak_report import LeakReport
from training.tables.profile import TableProfile, profile
from training.tables.reader import ReadTable
from training.tables.split import split_table
from training.tables.splits.table_split import SplitSettings, TableSplit
from training.tables.target import TargetChoice, find_target

LEAK_CHECK_SHARE = 0.5
"""Longest time of the search for leaks, as a share of the budget for training."""
MIN_LEAK_CHECK_S = 30.0


@dataclass(frozen=True, kw_only=True)
class GroupChoice:
    """The column whose rows stay together, and why; None if there is none."""

    column: str | None
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis:
    """What is known of the table before any model is trained."""

    typed: TypedTable
    profile: TableProfile
    target: TargetChoice
    group: GroupChoice
    labels: Labels
    split: TableSplit
    leaks: LeakReport

    @property
    def row_names(self) -> tuple[str, ...]:
        """The columns that only name rows."""
        return self.leaks.row_names

    def document(self) -> Mapping[str, Any]:
        """As plain JSON; no cell but the names of classes and frequent categories."""
        return {
            "target": {
                "column": self.target.column,
                "problem_type": str(self.target.problem_type),
                "classes": self.target.classes,
                "undecided": list(self.target.undecided),
                "ranks_undecided": self.target.ranks_undecided,
                "num_unlabelled": self.target.num_unlabelled,
                "reason": self.target.reason,
                "alternatives": list(self.target.alternatives),
                "notes": list(self.target.notes),
            },
            "offers": [
                {"id": offer.id, "text": offer.text, "options": list(offer.options)}
                for offer in self.target.offers
            ],
            "group": {"column": self.group.column, "reason": self.group.reason},
            "split": self.split.summary.model_dump(mode="json"),
            "profile": self.profile.model_dump(mode="json"),
        }


class DataAnalysis:
    def run(self, config: TablesConfig, read: ReadTable) -> Analysis:
        """Raises TableError if the table cannot be learned from, or a question has no answer."""
        typed = type_columns(read, config.answers)
        if typed.questions:
            raise UnansweredError(typed.questions[0])
        described = profile(typed)
        target = require_answered(find_target(typed, described, config.description, config.answers))
        group = _choose_group(config, described, target)
        identifiers = [item.column for item in described.identifier_columns]
        split = split_table(
            typed,
            target,
            group=group.column,
            date=config.date or None,
            ignored=identifiers,
            settings=SplitSettings(
                holdout_share=config.holdout_share, num_folds=config.num_folds, seed=config.seed
            ),
        )
        leaks = find_leaks(
            typed,
            target,
            split,
            row_names=identifiers,
            overrides=config.overrides,
            settings=LeakSettings(
                deadline_s=max(MIN_LEAK_CHECK_S, LEAK_CHECK_SHARE * config.budget_s),
                seed=config.seed,
            ),
        )
        return Analysis(
            typed=typed,
            profile=described,
            target=target,
            group=group,
            labels=read_labels(typed, target),
            split=split,
            leaks=leaks,
        )


def _choose_group(
    config: TablesConfig, described: TableProfile, target: TargetChoice
) -> GroupChoice:
    if not config.grouped:
        return GroupChoice(column=None, reason="The settings say that rows have no groups.")
    if config.group:
        return GroupChoice(column=config.group, reason="The settings name it.")
    for candidate in described.group_candidates:
        if candidate.column != target.column:
            return GroupChoice(column=candidate.column, reason=candidate.reason)
    return GroupChoice(column=None, reason="No column looks as if it named groups of rows.")
