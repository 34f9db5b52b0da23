"""Inspects an upload: what it is, what is to be predicted, and what has to be asked first."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.tables.column_types import type_columns
from training.tables.descriptions import TypedTable
from training.tables.errors import TableError
from training.tables.file_type import FileType, detect_file_type
from training.tables.inspect.image_archive import image_archive
from training.tables.inspect.large_table import find_hidden_group, sample_of
from training.tables.inspect.summary import TableSummary
from training.tables.leaks.known_tables import recognise
from training.tables.limits import TableLimits
from training.tables.printable import printable
from training.tables.profile import TableProfile, profile
from training.tables.question import Answers, Question, answer_to
from training.tables.reader import read_table
from training.tables.split import split_table
from training.tables.target import TargetChoice, find_target

MAX_ASKED_COLUMNS = 20
"""Ambiguous columns that are asked about; further ones stay text."""
MAX_CHECKED_ROWS = 200_000
"""Only smaller tables can have too few rows, groups or dates to be divided."""


def inspect_upload(
    path: Path,
    description: str,
    answers: Answers,
    limits: TableLimits,
    *,
    group: str | None = None,
    date: str | None = None,
    memory_bytes: int | None = None,
) -> Mapping[str, Any]:
    """The inspection as plain JSON; its `question` is the next one, None if there is none.

    `group` and `date` are columns that the user has named for the split. Of a table that needs
    more than `memory_bytes`, if given, a sample is inspected, as it would be learned from. Raises
    TableError for everything that is wrong with the file or with an answer.
    """
    if detect_file_type(path, limits) is FileType.IMAGE_ZIP:
        return image_archive(path, limits).as_json()
    sample = None if memory_bytes is None else sample_of(path, memory_bytes, limits, date=date)
    read = (
        read_table(path, limits=limits, sheet=answers.get("sheet"))
        if sample is None
        else sample.read
    )
    if isinstance(read, Question):
        return {"file_type": str(detect_file_type(path, limits)), "question": _asked(read)}
    typed = type_columns(read, answers)
    found = profile(typed)
    question = _first_open(typed.questions, answers)
    target: TargetChoice | None = None
    if question is None:
        choice = find_target(typed, found, description, answers)
        if isinstance(choice, Question):
            _require_no_constant_target(found, description)
            question = choice
        else:
            target = choice
    known = None if target is None else _grouped_by(typed, found, target, group)
    if sample is not None and target is not None and known is None:
        known = find_hidden_group(sample, found, target)
    if target is not None:
        _check_split(typed, found, target, None if known is None else known["column"], date)
    summary = TableSummary(
        read=read,
        typed=typed,
        profile=found,
        target=target,
        num_rows=found.num_rows if sample is None else sample.num_rows,
    )
    return {
        **summary.as_json(),
        "group": known,
        "date": date,
        "question": None if question is None else _asked(question),
    }


def _require_no_constant_target(found: TableProfile, description: str) -> None:
    """Raises TableError if the description names a column that has a single value."""
    for name in found.constant_columns:
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", description, re.IGNORECASE):
            raise TableError(
                f"Expected at least two classes or numbers in '{printable(name)}', which the "
                "description names, but all its cells are equal or empty. Name another column."
            )


def _asked(question: Question) -> Mapping[str, Any]:
    return {"id": question.id, "text": question.text, "options": list(question.options)}


def _first_open(questions: tuple[Question, ...], answers: Answers) -> Question | None:
    asked = questions[:MAX_ASKED_COLUMNS]
    return next((it for it in asked if answer_to(it, answers) is None), None)


def _grouped_by(
    typed: TypedTable, found: TableProfile, target: TargetChoice, group: str | None
) -> Mapping[str, Any] | None:
    """The column whose rows stay together, and why: the named one, else the most likely one."""
    if group is not None:
        return {"column": group, "reason": "The user named it."}
    known = recognise(typed.table.column_names)
    if known is not None and known.group in typed.table.column_names:
        return {"column": known.group, "reason": f"The table is {known.title}."}
    candidates = (it for it in found.group_candidates if it.column != target.column)
    first = next(candidates, None)
    return None if first is None else {"column": first.column, "reason": first.reason}


def _check_split(
    typed: TypedTable,
    found: TableProfile,
    target: TargetChoice,
    group: str | None,
    date: str | None,
) -> None:
    """Raises TableError if the pipeline could not divide the rows."""
    if typed.table.num_rows > MAX_CHECKED_ROWS:
        return
    identifiers = [it.column for it in found.identifier_columns if it.column != group]
    try:
        split_table(typed, target, group=group, date=date, ignored=identifiers)
    except MemoryError:
        raise TableError(
            "The table needs more memory than the limit for an inspection. "
            "Upload fewer columns, or Parquet."
        ) from None
