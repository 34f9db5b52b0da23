"""Finds what is to be predicted, from the user's sentence and the table, or asks."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.columns.column_profile import ColumnProfile
from training.tables.descriptions import ColumnKind, TypedTable
from training.tables.errors import TableError
from training.tables.printable import name_list, printable
from training.tables.profile import TableProfile
from training.tables.question import NO_ANSWERS, Answers, Question, answer_to
from training.tables.targets.problem_type import ProblemType, class_problem, find_problem_type
from training.tables.targets.target_column import MAX_CLASSES, TargetColumn, find_target_column
from training.tables.targets.undecided_labels import undecided_labels

KEEP_UNDECIDED = "treat them as classes"
RANK_UNDECIDED = "leave them out of training and rank them"


@dataclass(frozen=True, kw_only=True)
class TargetChoice:
    """What is to be predicted, and why."""

    column: str
    problem_type: ProblemType
    classes: dict[str, int]
    """Number of rows of each class, by its name as text, in the order of names; empty for numbers."""
    undecided: tuple[str, ...]
    """Labels that say that nothing is decided. If `ranks_undecided`, they are no classes."""
    ranks_undecided: bool
    num_unlabelled: int
    """Rows without a label."""
    reason: str
    alternatives: tuple[str, ...] = ()
    """Other columns that the description or their names fit, but less well."""
    notes: tuple[str, ...] = ()
    offers: tuple[Question, ...] = ()
    """Questions that need no answer: without one, undecided labels are classes."""


def find_target(
    typed: TypedTable, profile: TableProfile, description: str, answers: Answers = NO_ANSWERS
) -> TargetChoice | Question:
    """The target of the table, or the question that has to be answered first.

    Answers are by the ids `target` (any name of a column), `problem_type` and
    `undecided_labels`. Raises TableError if the target that the user named does not exist, or
    has no two classes.
    """
    found = find_target_column(typed, profile, description, answers)
    if isinstance(found, Question):
        return found
    column = next(item for item in profile.columns if item.name == found.name)
    _check(column)
    values = typed.table.column(column.name)
    problem_type = find_problem_type(
        column, is_whole=_is_whole(values), description=description, answers=answers
    )
    if isinstance(problem_type, Question):
        return problem_type
    if problem_type is ProblemType.REGRESSION:
        return TargetChoice(
            column=column.name,
            problem_type=problem_type,
            classes={},
            undecided=(),
            ranks_undecided=False,
            num_unlabelled=column.num_missing,
            reason=found.reason,
            alternatives=found.alternatives,
            notes=_notes({}, column),
        )
    return _with_classes(column, values, found, answers)


def _check(column: ColumnProfile) -> None:
    name = printable(column.name)
    if column.num_distinct < 2:
        raise TableError(
            f"Expected at least two classes or numbers in the target '{name}', but it has "
            f"{column.num_distinct}. Choose another column."
        )
    if column.kind is ColumnKind.DATE:
        raise TableError(f"Expected classes or numbers in the target '{name}', but it has dates.")
    if column.kind is not ColumnKind.NUMBER and column.num_distinct > MAX_CLASSES:
        raise TableError(
            f"Expected at most {MAX_CLASSES:,} classes in the target '{name}', but it has "
            f"{column.num_distinct:,}."
        )


def _is_whole(values: pa.ChunkedArray) -> bool:
    if not pa.types.is_float64(values.type):
        return True
    return bool(pc.all(pc.equal(values, pc.floor(values))).as_py())


def _with_classes(
    column: ColumnProfile, values: pa.ChunkedArray, found: TargetColumn, answers: Answers
) -> TargetChoice:
    classes = _classes(values)
    undecided = undecided_labels(classes)
    offers: tuple[Question, ...] = ()
    ranks = False
    if undecided:
        question = Question(
            id="undecided_labels",
            text=f"The labels {name_list(list(undecided))} are undecided. What to do with them?",
            options=(KEEP_UNDECIDED, RANK_UNDECIDED),
        )
        answer = answer_to(question, answers)
        ranks = answer == RANK_UNDECIDED
        offers = (question,) if answer is None else ()
    learned = {name: n for name, n in classes.items() if not (ranks and name in undecided)}
    return TargetChoice(
        column=column.name,
        problem_type=class_problem(len(learned)),
        classes=learned,
        undecided=undecided,
        ranks_undecided=ranks,
        num_unlabelled=column.num_missing,
        reason=found.reason,
        alternatives=found.alternatives,
        notes=_notes(learned, column),
        offers=offers,
    )


def _classes(values: pa.ChunkedArray) -> dict[str, int]:
    counts = pc.value_counts(values.drop_null())
    # Numbers as classes are ordered as numbers: 2 before 10.
    pairs = sorted(
        zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True),
        key=lambda pair: pair[0],
    )
    names = pc.cast(pa.array([value for value, _ in pairs], values.type), pa.string()).to_pylist()
    return dict(zip(names, (count for _, count in pairs), strict=True))


def _notes(classes: dict[str, int], column: ColumnProfile) -> tuple[str, ...]:
    notes = []
    single = [name for name, count in classes.items() if count == 1]
    if single:
        notes.append(
            f"The classes {name_list(single)} have a single row, too few to train and evaluate."
        )
    if column.num_missing:
        notes.append(f"{column.num_missing:,} rows have no label and are not trained on.")
    return tuple(notes)
