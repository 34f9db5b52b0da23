"""Finds what the columns of a table are, what is to be predicted, and which rows belong together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.recipes.tables.config import TablesConfig
from training.recipes.tables.question_error import UnansweredError, require_answered
from training.tables.column_types import type_columns
from training.tables.descriptions import TypedTable
from training.tables.profile import TableProfile, profile
from training.tables.reader import ReadTable
from training.tables.target import TargetChoice, find_target


@dataclass(frozen=True, kw_only=True)
class GroupChoice:
    """The column whose rows stay together, and why; None if there is none."""

    column: str | None
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class UnderstoodTable:
    """What is known of a table, or of a sample of its rows, before it is divided."""

    typed: TypedTable
    profile: TableProfile
    target: TargetChoice
    group: GroupChoice

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Columns whose values are all different, which name rows."""
        return tuple(item.column for item in self.profile.identifier_columns)

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
            "profile": self.profile.model_dump(mode="json"),
        }


def understand(config: TablesConfig, read: ReadTable) -> UnderstoodTable:
    """Raises TableError if the table cannot be learned from, or a question has no answer."""
    typed = type_columns(read, config.answers)
    if typed.questions:
        raise UnansweredError(typed.questions[0])
    described = profile(typed)
    target = require_answered(find_target(typed, described, config.description, config.answers))
    return UnderstoodTable(
        typed=typed,
        profile=described,
        target=target,
        group=choose_group(config, described, target),
    )


def choose_group(
    config: TablesConfig, described: TableProfile, target: TargetChoice
) -> GroupChoice:
    """The column of the settings, or the one that the profile proposes."""
    if not config.grouped:
        return GroupChoice(column=None, reason="the settings say that rows have no groups")
    if config.group:
        return GroupChoice(column=config.group, reason="the settings name it")
    for candidate in described.group_candidates:
        if candidate.column != target.column:
            return GroupChoice(column=candidate.column, reason=candidate.reason)
    return GroupChoice(column=None, reason="no column looks as if it named groups of rows")
