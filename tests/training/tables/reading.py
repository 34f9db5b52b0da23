"""Shorthands of these tests: a table from text, and the message of a refusal."""

from pathlib import Path

import pytest

from training.tables.column_types import type_columns
from training.tables.descriptions import TypedTable
from training.tables.errors import TableError, TableErrorCode
from training.tables.limits import DEFAULT_LIMITS, TableLimits
from training.tables.question import Answers
from training.tables.reader import ReadTable, read_table


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "upload"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(folder: Path, content: str | bytes, limits: TableLimits = DEFAULT_LIMITS) -> ReadTable:
    table = read_table(written(folder, content), limits=limits)
    assert isinstance(table, ReadTable)
    return table


def typed(folder: Path, content: str | bytes, answers: Answers | None = None) -> TypedTable:
    return type_columns(read(folder, content), answers or {})


def refusal(
    folder: Path,
    content: str | bytes,
    limits: TableLimits = DEFAULT_LIMITS,
    code: TableErrorCode = TableErrorCode.VALIDATION_ERROR,
) -> str:
    with pytest.raises(TableError) as refused:
        read_table(written(folder, content), limits=limits)
    assert refused.value.code is code
    return str(refused.value)
