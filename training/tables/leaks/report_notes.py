"""Writes what the bounds of the search left out, and what a user should check, as sentences."""

from collections.abc import Sequence

from training.tables.printable import name_list, printable

MIN_ORDERED = 0.7
"""Score of the number of a row from which the user is told that the file is ordered."""


def bound_notes(
    *,
    num_rows: int,
    num_scored: int,
    num_modelled: int,
    not_examined: Sequence[str],
    num_columns_left_out: int,
    num_skipped: int,
) -> list[str]:
    """What was not looked at: rows and columns beyond the bounds, and models without time."""
    notes = []
    if num_scored < num_rows:
        notes.append(f"Columns were scored on a sample of {num_scored:,} of {num_rows:,} rows.")
    if num_modelled < num_rows:
        notes.append(f"Models were scored on a sample of {num_modelled:,} of {num_rows:,} rows.")
    if not_examined:
        names = name_list(list(not_examined))
        notes.append(f"There was no time or room to examine {names}.")
    if num_columns_left_out:
        notes.append(
            f"Models were scored without {num_columns_left_out:,} columns that predict less than "
            "others."
        )
    if num_skipped:
        notes.append(f"There was no time to score {num_skipped} sets of columns.")
    return notes


def check_notes(
    *, suspects: Sequence[str], row_order_score: float, needless: Sequence[str]
) -> list[str]:
    """What the user should check; `needless` are overrides of columns that are not flagged."""
    notes = []
    if suspects:
        notes.append(
            f"Strong on their own: {name_list(list(suspects))}. Nothing else says that they give "
            "the answer away, so they stay; make sure that they are known before the answer is."
        )
    if row_order_score >= MIN_ORDERED:
        notes.append("The rows of the file are ordered by the target, at least in part.")
    notes += [f"'{printable(name)}' was to be kept, but is not flagged." for name in needless]
    return notes
