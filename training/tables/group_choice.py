"""Chooses the column whose rows of the same value stay in one part."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.tables.descriptions import TypedTable
from training.tables.labels import read_labels
from training.tables.large.group_search import find_repeated
from training.tables.large.sample import TableSample
from training.tables.leaks.known_tables import recognise
from training.tables.printable import name_list, printable
from training.tables.profile import TableProfile
from training.tables.splits.checks import MIN_UNITS
from training.tables.splits.row_units import group_ids
from training.tables.target import TargetChoice


@dataclass(frozen=True, kw_only=True)
class GroupChoice:
    """The column whose rows stay together, and why; None if there is none, and why not."""

    column: str | None
    reason: str

    @property
    def sentence(self) -> str:
        if self.column is None:
            return f"Each row stands alone: {self.reason}."
        return f"Rows stay together by '{printable(self.column)}': {self.reason}."


NOT_GROUPED = GroupChoice(column=None, reason="the settings say that rows have no groups")


def choose_group(
    typed: TypedTable,
    profile: TableProfile,
    target: TargetChoice,
    *,
    named: str | None = None,
    sample: TableSample | None = None,
) -> GroupChoice:
    """The column that the user has `named`, else that of a known table, else the most likely one.

    A column that only looks like a group is not chosen if its groups are too few to be divided.
    `sample` is what the typed table was drawn as, if it was: the whole table is then searched for
    groups of which the sample has one row each.
    """
    if named is not None:
        return GroupChoice(column=named, reason="the settings name it")
    is_labelled = read_labels(typed, target).is_labelled
    too_few = []
    for column, reason in _proposals(typed, profile, sample):
        if column == target.column:
            continue
        if len(np.unique(group_ids(typed.table.column(column))[is_labelled])) >= MIN_UNITS:
            return GroupChoice(column=column, reason=reason)
        too_few.append(column)
    if too_few:
        return GroupChoice(
            column=None,
            reason=f"{name_list(too_few)} would name fewer than {MIN_UNITS} groups of rows with a "
            "label, too few to divide by",
        )
    return GroupChoice(column=None, reason="no column looks as if it named groups of rows")


def _proposals(
    typed: TypedTable, profile: TableProfile, sample: TableSample | None
) -> Iterator[tuple[str, str]]:
    """Columns and why their rows may belong together, the most likely first."""
    known = recognise(typed.table.column_names)
    if known is not None and known.group in typed.table.column_names:
        yield known.group, f"it does in the table of {known.title}"
    for candidate in profile.group_candidates:
        yield candidate.column, candidate.reason
    if sample is not None:
        # A star of three rows in millions may come once in the sample, where it names a row.
        for repeated in find_repeated(sample, [it.column for it in profile.identifier_columns]):
            yield repeated.column, repeated.reason
