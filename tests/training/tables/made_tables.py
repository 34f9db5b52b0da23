"""Typed tables from columns in memory, and their targets."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from training.tables.arrow_columns import normalised
from training.tables.column_types import type_columns
from training.tables.descriptions import TypedTable
from training.tables.file_type import FileType
from training.tables.profile import profile
from training.tables.question import Answers
from training.tables.reader import ReadTable
from training.tables.target import TargetChoice, find_target
from training.tables.targets.problem_type import ProblemType


def made(columns: Mapping[str, Any]) -> TypedTable:
    """As if the columns were read from a Parquet file."""
    read = {name: normalised(pa.chunked_array([pa.array(v)])) for name, v in columns.items()}
    return type_columns(ReadTable(table=pa.table(read), file_type=FileType.PARQUET))


def target_of(typed: TypedTable, name: str, answers: Answers | None = None) -> TargetChoice:
    given = {"target": name, "problem_type": ProblemType.MULTICLASS, **(answers or {})}
    found = find_target(typed, profile(typed), "", given)
    assert isinstance(found, TargetChoice), found
    return found


def shuffled(columns: Mapping[str, Sequence[Any]], order: Sequence[int]) -> dict[str, list[Any]]:
    return {name: [values[row] for row in order] for name, values in columns.items()}


def noise(seed: int, num_rows: int) -> "np.ndarray[Any, np.dtype[np.float64]]":
    return np.random.default_rng(seed).normal(size=num_rows)
