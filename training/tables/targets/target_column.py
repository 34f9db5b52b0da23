"""Chooses the column to predict by the evidence for each, or asks."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from training.tables.columns.column_profile import ColumnProfile
from training.tables.descriptions import ColumnKind, TypedTable
from training.tables.errors import TableError
from training.tables.printable import name_list, printable
from training.tables.profile import TableProfile
from training.tables.question import Answers, Question
from training.tables.targets.target_evidence import (
    MIN_LEAD,
    MIN_POINTS,
    Description,
    Evidence,
    can_be_target,
    weigh,
)

MAX_CLASSES = 1000
MAX_OPTIONS = 8


@dataclass(frozen=True)
class TargetColumn:
    """The column to predict, why, and which others would be likely without it."""

    name: str
    reason: str
    alternatives: tuple[str, ...] = ()


def find_target_column(
    typed: TypedTable, profile: TableProfile, description: str, answers: Answers
) -> TargetColumn | Question:
    """The column with enough evidence and a clear lead, or the question with the id `target`.

    The answer to it may be any column. Raises TableError if there is no such column.
    """
    names = typed.table.column_names
    if (answer := answers.get("target")) is not None:
        if answer not in names:
            raise _absent(answer, names)
        return TargetColumn(answer, f"'{printable(answer)}' was named by the user.")
    identifiers = [item.column for item in profile.identifier_columns]
    sentence = Description(description, names)
    ranked = sorted(
        (
            weigh(item, _labels(typed, item), sentence, is_last=item.name == names[-1])
            for item in profile.columns
            if can_be_target(item, identifiers)
        ),
        # Sorting keeps the order of the table among equals.
        key=lambda evidence: -evidence.points,
    )
    if not ranked:
        raise TableError(
            "Expected a column to predict, but all columns are empty, constant, dates, free "
            "texts or identifiers."
        )
    lead = ranked[0].points - ranked[1].points if len(ranked) > 1 else MIN_LEAD
    if ranked[0].points >= MIN_POINTS and lead >= MIN_LEAD and ranked[0].fits(sentence):
        others = [item.column for item in ranked[1:] if item.points >= MIN_POINTS]
        return TargetColumn(ranked[0].column, _reason(ranked[0]), tuple(others[:MAX_OPTIONS]))
    return Question(
        id="target",
        text="Which column is to be predicted? The description fits more than one, or none.",
        options=tuple(evidence.column for evidence in _likely(ranked)),
    )


def _likely(ranked: Sequence[Evidence]) -> Sequence[Evidence]:
    """The columns worth offering: those near the first, if its evidence is enough."""
    best = ranked[0].points
    near = [item for item in ranked if best >= MIN_POINTS and best - item.points < MIN_LEAD]
    return (near if len(near) > 1 else ranked)[:MAX_OPTIONS]


def _labels(typed: TypedTable, column: ColumnProfile) -> list[str]:
    if column.kind is not ColumnKind.CATEGORY or column.num_distinct > MAX_CLASSES:
        return []
    labels: list[str] = pc.unique(typed.table.column(column.name).drop_null()).to_pylist()
    return sorted(labels)


def _absent(name: str, names: Sequence[str]) -> TableError:
    close = difflib.get_close_matches(name[:200], names[:1000], n=3)
    hint = f" Similar names: {name_list(close)}." if close else ""
    return TableError(
        f"Expected the name of a column as target, but there is no '{printable(name)}'.{hint}"
    )


def _reason(evidence: Evidence) -> str:
    return f"'{printable(evidence.column)}' was chosen because {'; '.join(evidence.reasons)}."
