"""Finds what the columns of a table are, what is to be predicted, and which rows belong together."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.tables.column_types import type_columns
from training.tables.descriptions import TypedTable
from training.tables.errors import TableError
from training.tables.group_choice import NOT_GROUPED, GroupChoice, choose_group
from training.tables.large.sample import TableSample
from training.tables.printable import printable
from training.tables.profile import TableProfile, profile
from training.tables.question import Answers, Question
from training.tables.reader import ReadTable
from training.tables.splits.checks import check_columns
from training.tables.target import TargetChoice, find_target

MAX_ASKED_COLUMNS = 20
"""Ambiguous columns that are asked about; further ones stay text."""
_COLUMN_QUESTIONS = ("decimal:", "date_order:")


@dataclass(frozen=True, kw_only=True)
class UserChoices:
    """What the user has said about a table."""

    description: str
    answers: Answers
    group: str | None = None
    """Column whose rows stay together; None for the most likely one."""
    is_grouped: bool = True
    date: str | None = None
    """Column by which the newest rows are held out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class UnclearTable:
    """What is known of a table while a question has to be answered."""

    typed: TypedTable
    profile: TableProfile
    question: Question


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


def understand(
    read: ReadTable, choices: UserChoices, sample: TableSample | None = None
) -> UnderstoodTable | UnclearTable:
    """The table as it will be learned from, or the next question that has to be answered.

    `sample` is what `read` was drawn as, if it is a sample of a larger table. The inspection of an
    upload and the pipeline both call this, so that what a user is shown is what is done. Raises
    TableError if the table cannot be learned from, or an answer is none of the options.
    """
    typed = type_columns(read, choices.answers)
    described = profile(typed)
    if typed.questions and _num_answered(choices.answers) < MAX_ASKED_COLUMNS:
        return UnclearTable(typed=typed, profile=described, question=typed.questions[0])
    target = find_target(typed, described, choices.description, choices.answers)
    if isinstance(target, Question):
        _require_no_constant_target(described, choices.description)
        return UnclearTable(typed=typed, profile=described, question=target)
    group = NOT_GROUPED
    if choices.is_grouped:
        group = choose_group(typed, described, target, named=choices.group, sample=sample)
    check_columns(typed, target, group.column, choices.date)
    return UnderstoodTable(typed=typed, profile=described, target=target, group=group)


def _num_answered(answers: Answers) -> int:
    """Of the questions about a column, whose ids end with its name."""
    return sum(question.startswith(_COLUMN_QUESTIONS) for question in answers)


def _require_no_constant_target(found: TableProfile, description: str) -> None:
    """Raises TableError if the description names a column that has a single value."""
    for name in found.constant_columns:
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", description, re.IGNORECASE):
            raise TableError(
                f"Expected at least two classes or numbers in '{printable(name)}', which the "
                "description names, but all its cells are equal or empty. Name another column."
            )
