"""Finds columns that give the target away, and measures what they are worth."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from training.tables.descriptions import TypedTable
from training.tables.labels import read_labels
from training.tables.leaks.bin_score import score_bins
from training.tables.leaks.column_bins import order_bins
from training.tables.leaks.column_search import search_columns
from training.tables.leaks.comparison import ModelComparison
from training.tables.leaks.deadline import Deadline
from training.tables.leaks.evidence import Evidence
from training.tables.leaks.flags import Flags
from training.tables.leaks.fold_rows import FoldRows, fold_rows, sampled_folds
from training.tables.leaks.leak_report import (
    ColumnScore,
    Comparison,
    Leak,
    LeakReport,
    Suspect,
)
from training.tables.leaks.model_score import ModelScore
from training.tables.leaks.overlap import overlap
from training.tables.leaks.overrides import Override, check_overrides
from training.tables.leaks.report_notes import bound_notes, check_notes
from training.tables.leaks.rules import RuleMatch, is_strong
from training.tables.splits.table_split import TableSplit
from training.tables.target import TargetChoice


@dataclass(frozen=True, kw_only=True)
class LeakSettings:
    """Bounds of the work; what they leave out, the report says."""

    deadline_s: float | None = None
    """Seconds, None for no limit. One step, a column or a model, may exceed it."""
    max_scored_rows: int = 200_000
    """Of the folds, for single columns."""
    max_modelled_rows: int = 20_000
    """Of the folds, for models of all columns."""
    max_columns: int = 500
    """Columns that are examined; if there are more, all are screened first."""
    max_modelled_columns: int = 100
    """Columns without a flag that models have, those that predict best on their own."""
    num_model_folds: int = 3
    max_effects: int = 30
    """Flagged columns, and suspects, whose effect on a model is measured, the strongest first."""
    seed: int = 0


DEFAULT_SETTINGS = LeakSettings()


def find_leaks(
    typed: TypedTable,
    target: TargetChoice,
    split: TableSplit,
    *,
    row_names: Collection[str] = (),
    overrides: Sequence[Override] = (),
    settings: LeakSettings = DEFAULT_SETTINGS,
    clock: Callable[[], float] = time.monotonic,
) -> LeakReport:
    """The columns that give the target away, and scores with and without them.

    Each column is scored alone, by its value and by whether it is missing, on the folds of
    `split`; its holdout is not looked at. `rules.matches` has the rules by which columns are
    flagged, and `known_tables.yaml` what is known of some tables. Flagged columns are left out
    unless an override keeps them, and so are `row_names`, the columns that only name rows.

    The same input gives the same report, unless the deadline cuts it short. `clock` gives seconds.
    Raises TableError if an override names no column of the table, nobody or no reason.
    """
    check_overrides(overrides, typed, target.column)
    return _Search(typed, target, split, row_names, overrides, settings, clock).report()


class _Search:
    """One search, from the evidence to the report."""

    def __init__(
        self,
        typed: TypedTable,
        target: TargetChoice,
        split: TableSplit,
        row_names: Collection[str],
        overrides: Sequence[Override],
        settings: LeakSettings,
        clock: Callable[[], float],
    ) -> None:
        self._typed, self._target, self._split = typed, target, split
        self._overrides = {override.column: override for override in overrides}
        self._settings = settings
        self._deadline = Deadline(settings.deadline_s, clock)
        self._labels = read_labels(typed, target)
        excluded = (target.column, split.summary.group)
        features = [name for name in typed.table.column_names if name not in excluded]
        flags = Flags(typed, target.column, features)
        self._data = self._sampled(settings.max_scored_rows)
        self._found = search_columns(
            self._data,
            features,
            target.column,
            num_table_rows=typed.table.num_rows,
            first=flags.known_columns,
            max_columns=settings.max_columns,
            deadline=self._deadline,
        )
        self._evidence = {item.column: item for item in self._found.evidence}
        self._known = flags.known
        self._matches = flags.matches(self._evidence, has_classes=self._labels.has_classes)
        self._row_names = flags.row_names(row_names, self._evidence)

    def report(self) -> LeakReport:
        data = self._sampled(self._settings.max_modelled_rows, self._settings.num_model_folds)
        columns = self._modelled()
        models = ModelComparison(data, columns, self._deadline, self._settings.seed)
        honest = [
            name for name in columns if name not in self._matches and name not in self._row_names
        ]
        comparison = self._comparison(models, columns, honest)
        leaks = self._leaks(models, honest, comparison.without_leaks)
        suspects = self._suspects(models, honest, comparison.without_leaks)
        order_score = self._row_order_score()
        notes = [
            *bound_notes(
                num_rows=len(self._split.development),
                num_scored=self._data.num_rows,
                num_modelled=data.num_rows,
                not_examined=self._found.not_examined,
                num_columns_left_out=sum(
                    bool(item.num_values) and item.column not in columns
                    for item in self._found.evidence
                ),
                num_skipped=models.num_skipped,
            ),
            *check_notes(
                suspects=[item.column for item in suspects],
                row_order_score=order_score,
                needless=[name for name in self._overrides if name not in self._matches],
            ),
        ]
        return LeakReport(
            leaks=leaks,
            suspects=suspects,
            columns=tuple(_column_score(item) for item in self._found.evidence),
            comparison=comparison,
            row_names=self._row_names,
            known_table=None if self._known is None else self._known.name,
            overlap=overlap(
                self._typed, self._split, target=self._target.column, ignored=self._row_names
            ),
            row_order_score=order_score,
            not_examined=self._found.not_examined,
            num_rows_scored=self._data.num_rows,
            num_rows_modelled=data.num_rows,
            notes=tuple(notes),
        )

    def _sampled(self, max_rows: int, num_folds: int | None = None) -> FoldRows:
        """Of about `max_rows` rows, the last folds: with time, they train on most rows."""
        folds = sampled_folds(
            self._split, self._labels, max_rows=max_rows, seed=self._settings.seed
        )
        return fold_rows(self._typed.table, self._labels, folds[-(num_folds or len(folds)) :])

    def _modelled(self) -> list[str]:
        """The columns of the models: all flagged ones and the best of the others."""
        others = [
            item
            for item in self._found.evidence
            if item.column not in self._matches and item.num_values
        ]
        others.sort(key=lambda item: -item.value.mean)
        best = {item.column for item in others[: self._settings.max_modelled_columns]}
        return [name for name in self._evidence if name in best or name in self._matches]

    def _comparison(
        self, models: ModelComparison, columns: list[str], honest: list[str]
    ) -> Comparison:
        kept = [*honest, *(name for name in self._matches if name in self._overrides)]
        # In the order of importance, since there may not be time for all.
        without_leaks = models.score(honest)
        return Comparison(
            without_leaks=without_leaks,
            with_all=models.score(columns),
            without_row_names=models.score(
                [name for name in columns if name not in self._row_names]
            ),
            as_decided=models.score(kept),
        )

    def _leaks(
        self, models: ModelComparison, honest: list[str], without: ModelScore | None
    ) -> tuple[Leak, ...]:
        strongest = sorted(
            (name for name in self._matches if name in self._evidence),
            key=lambda name: -self._evidence[name].value.mean,
        )[: self._settings.max_effects]
        added = {name: models.score([*honest, name]) for name in strongest}
        return tuple(
            self._leak(name, found, added.get(name), without)
            for name, found in self._matches.items()
        )

    def _leak(
        self,
        name: str,
        found: Sequence[RuleMatch],
        with_it: ModelScore | None,
        without: ModelScore | None,
    ) -> Leak:
        evidence, override = self._evidence.get(name), self._overrides.get(name)
        score_with, score_without = _both(with_it, without)
        text = "; ".join(match.reason for match in found)
        return Leak(
            column=name,
            reason=f"{text[0].upper()}{text[1:]}.",
            score_with=score_with,
            score_without=score_without,
            left_out=override is None,
            rules=tuple(dict.fromkeys(match.rule for match in found)),
            value_score=None if evidence is None else evidence.value.mean,
            missingness_score=None if evidence is None else evidence.missingness.mean,
            override=override,
        )

    def _suspects(
        self, models: ModelComparison, honest: list[str], with_it: ModelScore | None
    ) -> tuple[Suspect, ...]:
        strong = [
            item for item in self._evidence.values() if item.column in honest and is_strong(item)
        ]
        strong.sort(key=lambda item: -item.value.mean)
        suspects = []
        for number, item in enumerate(strong):
            others = [name for name in honest if name != item.column]
            is_measured = number < self._settings.max_effects
            score_with, score_without = _both(
                with_it, models.score(others) if is_measured else None
            )
            suspects.append(
                Suspect(
                    column=item.column,
                    value_score=item.value.mean,
                    score_with=score_with,
                    score_without=score_without,
                )
            )
        return tuple(suspects)

    def _row_order_score(self) -> float:
        bins = order_bins(self._data.rows)
        return score_bins(bins, self._data.labels, self._data.folds).mean


def _both(
    with_it: ModelScore | None, without: ModelScore | None
) -> tuple[float, float] | tuple[None, None]:
    if with_it is None or without is None:
        return None, None
    return with_it.score, without.score


def _column_score(item: Evidence) -> ColumnScore:
    return ColumnScore(
        column=item.column,
        value=item.value.mean,
        value_of_best_class=item.value.best,
        missingness=item.missingness.mean,
        missingness_of_best_class=item.missingness.best,
    )
