"""Says in sentences what the training from a large table leaves out."""

from collections.abc import Sequence

from training.tables.large.statistics import SKETCH_SIZE, StreamedColumn
from training.tables.large.target_reader import TargetReader
from training.tables.printable import name_list, printable
from training.tables.splits.split_report import PartSummary

_ONE_FOLD = (
    "One fold validates, instead of each in turn: no bagging over folds, and the score of "
    "selection is that of one fold, which also ends boosting and calibrates."
)


def always_left_out(*, group: str | None) -> tuple[str, ...]:
    """What is left out for every large table."""
    equal_rows = (
        "Rows with equal features are in one part of the split, as there is no group column; rows "
        "that only repeat in some columns are not searched for."
        if group is None
        else "Rows with equal features in different groups are not searched for, so they may be in "
        "two parts of the split."
    )
    return (
        "Only XGBoost is trained, with given hyperparameters: no search, no ensemble.",
        _ONE_FOLD,
        "The split is by hash: shares of classes differ by chance, and there is no split by time.",
        equal_rows,
        "Undecided and unlabelled rows are counted, and not ranked.",
        "No confidence is chosen below which a model should abstain.",
    )


def sample_left_out(num_sampled: int, num_rows: int) -> tuple[str, ...]:
    """What is only found in the sample."""
    if num_sampled == num_rows:
        return ()
    left_out = (
        f"Types of columns, categories, words of texts, quantiles and frequent values are those of "
        f"a sample of {num_sampled:,} of {num_rows:,} rows; so is the search for leaks, on those "
        f"of them that are not held out. More than {SKETCH_SIZE:,} distinct values are estimated."
    )
    return (left_out,)


def rows_left_out(name: str, used: int, of: int) -> tuple[str, ...]:
    """That a part was not used as a whole; `name` is what is done with its rows."""
    if used >= of:
        return ()
    left_out = (
        f"{name}: about {used:,} of {of:,} rows, a sample of whole groups, as many as the memory "
        "allows."
    )
    return (left_out,)


def class_notes(parts: Sequence[PartSummary]) -> tuple[str, ...]:
    """Names classes that a part lacks."""
    notes = []
    for part in parts:
        absent = [name for name, count in part.classes.items() if not count]
        if absent:
            notes.append(
                f"No row of the {part.name} has the class {name_list(absent)}. Scores of this part "
                "say nothing about it."
            )
    return tuple(notes)


def label_notes(labels: TargetReader) -> tuple[str, ...]:
    """Rows that are not trained on because of their label."""
    notes = []
    if labels.num_undecided:
        notes.append(f"{labels.num_undecided:,} rows with an undecided label are not trained on.")
    if labels.num_missing:
        notes.append(f"{labels.num_missing:,} rows have no label and are not trained on.")
    if labels.unknown:
        named = [f"'{printable(name)}' ({n:,})" for name, n in labels.unknown.most_common(5)]
        num_others = sum(labels.unknown.values()) + labels.num_unnamed
        notes.append(
            f"{num_others:,} rows have classes that the sample lacks, too rare to be learned, and "
            f"are not trained on: {', '.join(named)}{' and others' if len(labels.unknown) > 5 else ''}."
        )
    return tuple(notes)


def column_notes(empty: Sequence[str], columns: Sequence[StreamedColumn]) -> tuple[str, ...]:
    """Columns and cells that do not count; `empty` are the columns without a value."""
    notes = []
    if empty:
        notes.append(
            f"Left out, because no row of the sample has a value: {name_list(list(empty))}."
        )
    faulty = [column for column in columns if column.num_unreadable]
    if faulty:
        named = ", ".join(
            f"'{printable(column.name)}' ({column.num_unreadable:,})" for column in faulty[:5]
        )
        notes.append(f"Cells of another kind than their column, which count as missing: {named}.")
    return tuple(notes)
