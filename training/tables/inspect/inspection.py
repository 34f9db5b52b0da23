"""Inspects an upload: what it is, what is to be predicted, and what has to be asked first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.tables.errors import TableError
from training.tables.file_type import FileType, detect_file_type
from training.tables.inspect.image_archive import image_archive
from training.tables.inspect.large_table import sample_of
from training.tables.inspect.summary import TableSummary
from training.tables.limits import TableLimits
from training.tables.question import Answers, Question
from training.tables.reader import read_table
from training.tables.split import split_table
from training.tables.understanding import UnderstoodTable, UserChoices, understand

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
    choices = UserChoices(description=description, answers=answers, group=group, date=date)
    found = understand(read, choices, sample)
    if isinstance(found, UnderstoodTable):
        _check_split(found, date)
    summary = TableSummary(
        read=read,
        found=found,
        num_rows=found.profile.num_rows if sample is None else sample.num_rows,
    )
    return {
        **summary.as_json(),
        "date": date,
        "question": None if isinstance(found, UnderstoodTable) else _asked(found.question),
    }


def _asked(question: Question) -> Mapping[str, Any]:
    return {"id": question.id, "text": question.text, "options": list(question.options)}


def _check_split(table: UnderstoodTable, date: str | None) -> None:
    """Raises TableError if the pipeline could not divide the rows."""
    if table.typed.table.num_rows > MAX_CHECKED_ROWS:
        return
    try:
        split_table(
            table.typed,
            table.target,
            group=table.group.column,
            date=date,
            ignored=table.identifiers,
        )
    except MemoryError:
        raise TableError(
            "The table needs more memory than the limit for an inspection. "
            "Upload fewer columns, or Parquet."
        ) from None
