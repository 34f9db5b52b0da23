"""Collects the evidence about all columns, the most suspicious ones first if there are many."""

from collections.abc import Sequence
from dataclasses import dataclass

from training.tables.arrow_columns import one_array
from training.tables.labels import Integers
from training.tables.leaks.bin_score import score_bins
from training.tables.leaks.column_bins import missing_bins, value_bins
from training.tables.leaks.deadline import Deadline
from training.tables.leaks.evidence import Evidence, collect
from training.tables.leaks.fold_rows import FoldRows, fold_rows
from training.tables.leaks.name_evidence import evidence_of_names
from training.tables.splits.table_split import Fold

SCREENING_ROWS = 5000
SCREENING_TIME = 0.25
EVIDENCE_TIME = 0.6
"""Shares of the time after which screening and evidence end; models have the rest."""


@dataclass(frozen=True)
class FoundEvidence:
    """The evidence in the order of the table, and the columns for which there is none."""

    evidence: tuple[Evidence, ...]
    not_examined: tuple[str, ...]


def search_columns(
    data: FoldRows,
    columns: Sequence[str],
    target: str,
    *,
    num_table_rows: int,
    first: Sequence[str],
    max_columns: int,
    deadline: Deadline,
) -> FoundEvidence:
    """The evidence about up to `max_columns` of the columns, those in `first` before all others.

    If there are more, all are screened on SCREENING_ROWS rows of one fold, and those that predict
    best by value or missingness are examined, after those whose names are evidence.
    """
    names = evidence_of_names(columns, target)
    known = set(first)
    place = {name: (name not in known, not names[name]) for name in columns}
    scores: dict[str, float] = {}
    if len(columns) > max_columns:
        scores = _screened(data, sorted(columns, key=lambda name: place[name]), deadline)
    order = sorted(columns, key=lambda name: (*place[name], -scores.get(name, 0.0)))
    found: dict[str, Evidence] = {}
    deadline.new_kind()
    for name in order[:max_columns]:
        if not deadline.has_time(EVIDENCE_TIME):
            break
        found[name] = collect(name, data, names[name], num_table_rows=num_table_rows)
    return FoundEvidence(
        tuple(found[name] for name in columns if name in found),
        tuple(name for name in columns if name not in found),
    )


def _screened(data: FoldRows, columns: Sequence[str], deadline: Deadline) -> dict[str, float]:
    """The best score of each column on few rows, as far as there is time."""
    last = data.folds[-1]
    small = Fold(_thinned(last.train), _thinned(last.validation))
    part = fold_rows(data.table, data.labels, [small])
    scores = {}
    for name in columns:
        if not deadline.has_time(SCREENING_TIME):
            break
        values = one_array(part.table.column(name))
        by_value = [score_bins(bins, part.labels, part.folds).mean for bins in value_bins(values)]
        scores[name] = max(
            *by_value, score_bins(missing_bins(values), part.labels, part.folds).best
        )
    return scores


def _thinned(rows: Integers) -> Integers:
    step = max(1, -(-2 * len(rows) // SCREENING_ROWS))
    return rows[::step]
