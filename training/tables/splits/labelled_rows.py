"""Divides the rows of a table that have a label, and notes what a user should know about it."""

from collections.abc import Collection

import numpy as np

from training.tables.columns.row_codes import Codes
from training.tables.descriptions import TypedTable
from training.tables.labels import Integers, Labels
from training.tables.printable import printable
from training.tables.splits.checks import MIN_UNITS, check_groups
from training.tables.splits.row_units import (
    MAX_UNIT_SHARE,
    MIN_DISTINCT_SHARE,
    RowUnits,
    group_ids,
    joined,
    row_keys,
)
from training.tables.splits.split_report import (
    SplitMethod,
    SplitNote,
    SplitNoteKind,
    SplitSummary,
    class_notes,
    part_summary,
)
from training.tables.splits.stratified import HOLDOUT, deal, unit_strata
from training.tables.splits.table_split import Fold, SplitSettings, TableSplit
from training.tables.splits.time_ordered import UNDATED, blocks, row_times, unit_times
from training.tables.target import TargetChoice


class LabelledRows:
    """The rows with a label, numbered on their own, and their units."""

    def __init__(
        self,
        typed: TypedTable,
        target: TargetChoice,
        labels: Labels,
        rows: Integers,
        group: str | None,
        ignored: Collection[str],
        settings: SplitSettings,
    ) -> None:
        self._all_labels = labels
        self._rows = rows
        self._group = group
        self._settings = settings
        self._notes: list[SplitNote] = []
        self._table = typed.table
        self._labels = labels.of_rows(rows)
        features = set(self._table.column_names) - {target.column, group, *ignored}
        # Only hashes are taken of these rows: a copy of the table might not fit into memory.
        equal = row_keys(self._table, sorted(features), settings.seed)[rows]
        self._num_duplicates = len(rows) - len(np.unique(equal)) if features else 0
        all_keys = row_keys(self._table, self._table.column_names, settings.seed)[rows]
        self._units = self._joined_units(equal, all_keys)

    def _joined_units(self, equal: Codes, keys: Codes) -> RowUnits:
        alone = np.arange(len(self._rows))
        groups = alone
        if self._group is not None:
            groups = group_ids(self._table.column(self._group))[self._rows]
        _, of_row = np.unique(groups, return_inverse=True)
        units = RowUnits(of_row, keys)
        if self._group is not None:
            check_groups(self._group, len(units))
        if not self._num_duplicates:
            return units
        num_distinct = len(self._rows) - self._num_duplicates
        if num_distinct >= MIN_DISTINCT_SHARE * len(self._rows):
            both = RowUnits(joined(groups, equal.view(np.int64)), keys)
            limit = max(MAX_UNIT_SHARE, units.largest_share)
            if len(both) >= MIN_UNITS and both.largest_share <= limit:
                return both
        self._note(
            SplitNoteKind.DUPLICATES_KEPT_APART,
            f"{self._num_duplicates:,} of {len(self._rows):,} rows have the same features as "
            "another, too many to keep them together: equal rows may be in two parts.",
        )
        return units

    def stratified(self) -> TableSplit:
        parts = deal(
            self._units,
            unit_strata(self._units, self._labels),
            holdout_share=self._settings.holdout_share,
            num_folds=self._settings.num_folds,
        )[self._units.of_row]
        self._note_folds(int(parts.max()))
        developed = parts != HOLDOUT
        folds = [
            Fold(np.flatnonzero(developed & (parts != fold)), np.flatnonzero(parts == fold))
            for fold in range(1, parts.max() + 1)
        ]
        return self._split(np.flatnonzero(~developed), folds, SplitMethod.STRATIFIED, None)

    def time_ordered(self, date: str) -> TableSplit:
        times = row_times(self._table.column(date))[self._rows]
        of_unit = unit_times(self._units, times)
        found = blocks(
            self._units,
            of_unit,
            holdout_share=self._settings.holdout_share,
            num_folds=self._settings.num_folds,
            column=date,
        )[self._units.of_row]
        last = int(found.max())
        self._note_folds(last - 1)
        self._note_times(times, of_unit, found, date)
        folds = [
            Fold(np.flatnonzero(found < block), np.flatnonzero(found == block))
            for block in range(1, last)
        ]
        return self._split(np.flatnonzero(found == last), folds, SplitMethod.TIME_ORDERED, date)

    def _note_times(self, times: Integers, of_unit: Integers, found: Integers, date: str) -> None:
        undated = int((times == UNDATED).sum())
        if undated:
            self._note(
                SplitNoteKind.NO_DATE,
                f"Rows without a date in '{printable(date)}': {undated:,}. They count as the oldest, "
                "unless their group has a date.",
            )
        # The block in which each row would be without its group.
        first = np.array(
            [of_unit[self._units.of_row[found == b]].min() for b in range(1, found.max() + 1)]
        )
        moved = int((np.searchsorted(first, times, side="right") < found).sum())
        if moved:
            self._note(
                SplitNoteKind.GROUPS_MOVED,
                "Rows in a later part than their date says, because their group has newer rows: "
                f"{moved:,}.",
            )

    def _note_folds(self, possible: int) -> None:
        if possible < (wanted := self._settings.num_folds):
            self._note(
                SplitNoteKind.FEWER_FOLDS,
                f"Only {possible} of {wanted} folds are possible with these groups or dates.",
            )

    def _note(self, kind: SplitNoteKind, text: str) -> None:
        self._notes.append(SplitNote(kind=kind, text=text))

    def _split(
        self, holdout: Integers, folds: list[Fold], method: SplitMethod, date: str | None
    ) -> TableSplit:
        units, labels = self._units, self._labels
        validated = {f"fold {n}": fold.validation for n, fold in enumerate(folds, start=1)}
        trained = {f"training of fold {n}": fold.train for n, fold in enumerate(folds, start=1)}
        parts = {"holdout": holdout, **validated}
        notes = class_notes({**parts, **trained}, units, labels, num_needed=len(parts))
        groups = np.full(len(self._all_labels.strata), -1, np.int64)
        groups[self._rows] = units.of_row
        is_held_out = np.zeros(len(self._rows), np.bool_)
        is_held_out[holdout] = True
        return TableSplit(
            holdout=self._rows[holdout],
            development=self._rows[~is_held_out],
            folds=tuple(Fold(self._rows[f.train], self._rows[f.validation]) for f in folds),
            unlabelled=np.flatnonzero(~self._all_labels.is_labelled),
            groups=groups,
            summary=SplitSummary(
                method=method,
                group=self._group,
                date=date,
                seed=self._settings.seed,
                num_folds=len(folds),
                num_unlabelled=len(groups) - len(self._rows),
                num_duplicate_rows=self._num_duplicates,
                parts=tuple(
                    part_summary(name, part, units, labels) for name, part in parts.items()
                ),
                notes=(*self._notes, *notes),
            ),
        )
