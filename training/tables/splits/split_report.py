"""Describes the parts of a split for people: rows, groups and classes of each, and what is absent."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np
from pydantic import BaseModel, ConfigDict

from training.tables.labels import Integers, Labels
from training.tables.printable import printable
from training.tables.splits.row_units import RowUnits


class SplitMethod(StrEnum):
    STRATIFIED = "stratified"
    TIME_ORDERED = "time-ordered"


class SplitNoteKind(StrEnum):
    SINGLE_ROW = "single_row"
    """A class has one row, so it cannot both train and be tried."""
    FEW_GROUPS = "few_groups"
    """A class is in fewer groups of rows than there are parts."""
    ABSENT = "absent"
    """A part has no row of a class, although there are enough."""
    FEWER_FOLDS = "fewer_folds"
    DUPLICATES_KEPT_APART = "duplicates_kept_apart"
    GROUPS_MOVED = "groups_moved"
    NO_DATE = "no_date"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SplitNote(_Part):
    """Something about a split that a user should know."""

    kind: SplitNoteKind
    text: str
    label: str | None = None
    """The class that the note is about."""
    num_rows: int | None = None
    num_groups: int | None = None
    absent_from: tuple[str, ...] = ()
    """Names of the parts without a row of the class: `holdout`, `fold 1`, `training of fold 1`."""


class PartSummary(_Part):
    """One part of a split; `num_groups` counts units of rows that stay together."""

    name: str
    num_rows: int
    num_groups: int
    classes: dict[str, int]
    """Rows of each class by name, also of those that are absent; empty for a regression."""


class SplitSummary(_Part):
    """A split without its rows. `model_dump_json` writes it."""

    method: SplitMethod
    group: str | None
    date: str | None
    seed: int
    num_folds: int
    num_unlabelled: int
    num_duplicate_rows: int
    """Rows with the same features as an earlier one."""
    parts: tuple[PartSummary, ...]
    """The holdout, and of each fold the rows that validate (`fold 1`)."""
    notes: tuple[SplitNote, ...]


def part_summary(name: str, rows: Integers, units: RowUnits, labels: Labels) -> PartSummary:
    """The summary of the part with these rows, which all have a label."""
    counts = np.bincount(labels.strata[rows], minlength=len(labels.classes))
    return PartSummary(
        name=name,
        num_rows=len(rows),
        num_groups=len(np.unique(units.of_row[rows])),
        classes={item: int(counts[code]) for code, item in enumerate(labels.classes)},
    )


def class_notes(
    parts: Mapping[str, Integers], units: RowUnits, labels: Labels, num_needed: int
) -> Sequence[SplitNote]:
    """A note on each class that is absent from a part; `num_needed` groups would be enough.

    `parts` are the rows of each part by its name.
    """
    num_classes = len(labels.classes)
    if not num_classes:
        return ()
    rows = np.unique(np.concatenate(list(parts.values())))
    num_rows = np.bincount(labels.strata[rows], minlength=num_classes)
    pairs = np.unique(units.of_row[rows] * num_classes + labels.strata[rows])
    num_groups = np.bincount(pairs % num_classes, minlength=num_classes)
    counts = {
        name: np.bincount(labels.strata[part], minlength=num_classes)
        for name, part in parts.items()
    }
    notes = []
    for code, label in enumerate(labels.classes):
        absent = tuple(name for name, found in counts.items() if not found[code])
        if absent:
            few = num_groups[code] < num_needed
            notes.append(
                _class_note(label, int(num_rows[code]), int(num_groups[code]), absent, few)
            )
    return notes


def _class_note(
    label: str, num_rows: int, num_groups: int, absent: tuple[str, ...], few: bool
) -> SplitNote:
    rows = "1 row" if num_rows == 1 else f"{num_rows:,} rows"
    groups = "1 group" if num_groups == 1 else f"{num_groups:,} groups"
    kind = SplitNoteKind.ABSENT
    if num_rows == 1:
        kind = SplitNoteKind.SINGLE_ROW
    elif few:
        kind = SplitNoteKind.FEW_GROUPS
    return SplitNote(
        kind=kind,
        text=(
            f"The class '{printable(label)}' has {rows} in {groups}, and none in: "
            f"{', '.join(absent)}. Scores of these parts say nothing about it."
        ),
        label=label,
        num_rows=num_rows,
        num_groups=num_groups,
        absent_from=absent,
    )
