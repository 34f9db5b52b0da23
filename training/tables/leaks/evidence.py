"""Collects what speaks for a column giving the answer away."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import is_date, is_number, is_text, one_array
from training.tables.columns.entity_columns import DistinctCount, identifier_reason
from training.tables.leaks.bin_score import NO_SCORE, BinScore, score_bins
from training.tables.leaks.column_bins import missing_bins, numbers_of, value_bins
from training.tables.leaks.fold_rows import FoldRows
from training.tables.leaks.label_mapping import NO_MAPPING, LabelMapping, label_mapping
from training.tables.leaks.name_evidence import NameEvidence

MIN_SERIAL_ROWS = 50
MIN_DENSITY = 0.5
"""Share of the whole numbers between its ends that a serial number has."""
MAX_SUFFIXES = 20
"""Different decimals of a serial number such as 1000.01."""
MIN_WITH_DIGIT = 0.9
"""Share of texts with a digit, from which texts that all differ are numbers of rows, not prose."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of one column."""

    column: str
    num_values: int
    """Rows of the folds in which it is not missing."""
    num_validated: int
    """Rows on which the scores are based."""
    value: BinScore
    missingness: BinScore
    value_mapping: LabelMapping
    missing_mapping: LabelMapping
    names: frozenset[NameEvidence]
    serial: str | None
    """Why its values are serial numbers or names of rows; None if they are not."""
    is_date: bool
    is_text: bool


def collect(
    column: str, data: FoldRows, names: frozenset[NameEvidence], *, num_table_rows: int
) -> Evidence:
    """The evidence about a column from the rows of the folds, of `num_table_rows` in all."""
    values, labels, folds = one_array(data.table.column(column)), data.labels, data.folds
    bins = value_bins(values)
    missing = missing_bins(values)
    has_both = 0 < values.null_count < len(values)
    return Evidence(
        column=column,
        num_values=len(values) - int(values.null_count),
        num_validated=sum(len(fold.validation) for fold in folds),
        value=max((score_bins(item, labels, folds) for item in bins), key=lambda s: s.mean),
        missingness=score_bins(missing, labels, folds) if has_both else NO_SCORE,
        value_mapping=label_mapping(bins[0], labels),
        missing_mapping=label_mapping(missing, labels) if has_both else NO_MAPPING,
        names=names,
        serial=serial_reason(column, values, share=len(values) / num_table_rows),
        is_date=is_date(values.type),
        is_text=is_text(values.type),
    )


def serial_reason(column: str, values: pa.Array, *, share: float = 1.0) -> str | None:
    """Why the values are serial numbers or names of rows; None if they are not.

    Numbers are serial if all differ, half of the whole numbers between their ends appear, and
    they have few different decimals, such as the .01 and .02 of an object with two signals. `share`
    is that of these rows in the table, by which gaps are expected.
    """
    num_values = len(values) - values.null_count
    count = DistinctCount(num_values, int(pc.count_distinct(values, mode="only_valid").as_py()))
    if is_text(values.type) and _share_with_digit(values) < MIN_WITH_DIGIT:
        return None
    if (reason := identifier_reason(column, values, count)) is not None:
        return reason
    if not is_number(values.type) or count.num_distinct < max(num_values, MIN_SERIAL_ROWS):
        return None
    numbers = numbers_of(values.drop_null())
    whole = np.floor(numbers)
    suffixes = np.unique(np.round(numbers - whole, 6))
    span = (whole.max() - whole.min() + 1) * share
    if len(suffixes) <= MAX_SUFFIXES and len(np.unique(whole)) >= MIN_DENSITY * span:
        return "its numbers are serial: all differ, with few gaps between them"
    return None


def _share_with_digit(texts: pa.Array) -> float:
    found = pc.match_substring_regex(texts.drop_null(), "[0-9]")
    return float(pc.mean(pc.cast(found, pa.float64())).as_py() or 0.0)
