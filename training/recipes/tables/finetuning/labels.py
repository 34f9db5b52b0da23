"""Matches the target of a new table with that of a registered model."""

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.descriptions import ColumnKind, TypedTable
from training.tables.errors import TableError
from training.tables.model.target import ModelTarget
from training.tables.printable import name_list, printable
from training.tables.target import TargetChoice
from training.tables.targets.undecided_labels import undecided_labels

_REASON = "The registered model predicts it."


def matched_target(typed: TypedTable, target: ModelTarget) -> TargetChoice:
    """The target with the classes of the model, in its order.

    Labels that say that nothing is decided, and are no classes of the model, are ranked. Raises
    TableError if the table has no such column, or has labels that the model does not know.
    """
    name = printable(target.column)
    if target.column not in typed.table.column_names:
        raise TableError(
            f"Expected the column '{name}', which the model predicts, but the table has none. A "
            "fine-tuning needs labels: add them, or have the model predict the table."
        )
    values = typed.table.column(target.column)
    if not target.has_classes:
        return _numbers(typed, target, values.null_count)
    texts = pc.cast(values, pa.string())
    counts = _counts(texts)
    known = {label: counts.get(label, 0) for label in target.classes}
    others = [label for label in counts if label not in known]
    undecided = [label for label in undecided_labels([*known, *others]) if label in others]
    unknown = [label for label in others if label not in undecided]
    if unknown:
        num_rows = sum(counts[label] for label in unknown)
        raise TableError(
            f"Expected labels of the classes {name_list(list(known))} in '{name}', but {num_rows:,} "
            f"rows have {name_list(unknown)}. A fine-tuned model keeps its classes: rename these "
            "labels, remove their rows, or train a new model."
        )
    return TargetChoice(
        column=target.column,
        problem_type=target.problem_type,
        classes=known,
        undecided=tuple(undecided),
        ranks_undecided=bool(undecided),
        num_unlabelled=values.null_count,
        reason=_REASON,
        notes=_notes(known, undecided),
    )


def _numbers(typed: TypedTable, target: ModelTarget, num_missing: int) -> TargetChoice:
    kind = typed.column(target.column).kind
    if kind is not ColumnKind.NUMBER:
        raise TableError(
            f"Expected numbers in '{printable(target.column)}', which the model predicts, but it "
            f"has the kind {kind}."
        )
    return TargetChoice(
        column=target.column,
        problem_type=target.problem_type,
        classes={},
        undecided=(),
        ranks_undecided=False,
        num_unlabelled=num_missing,
        reason=_REASON,
    )


def _counts(texts: pa.ChunkedArray) -> dict[str, int]:
    found = pc.value_counts(texts.drop_null())
    pairs = zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True)
    return dict(sorted(pairs))


def _notes(known: dict[str, int], undecided: list[str]) -> tuple[str, ...]:
    notes = []
    absent = [label for label, count in known.items() if not count]
    if absent:
        notes.append(
            f"No row has the class {name_list(absent)}, which the model knows: what it has learned "
            "about it may be lost."
        )
    if undecided:
        notes.append(
            f"Rows with {name_list(undecided)} are ranked, and not learned from: the model has no "
            "such class."
        )
    return tuple(notes)
