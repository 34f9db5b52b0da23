"""Predicts and measures a finished model on a table that it was not trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.recipes.tables.config import TablesConfig
from training.recipes.tables.shown_predictions import MAX_SHOWN, shown
from training.recipes.tables.stages.upload import DataUpload
from training.tables.column_types import type_columns
from training.tables.evaluation.holdout import evaluate_holdout
from training.tables.evaluation.schema import HoldoutReport
from training.tables.labels import Floats, Integers, Labels, class_labels
from training.tables.model.row_predictor import RowPredictor
from training.tables.model.table_model import rows_from_table
from training.tables.model.table_rows import require_columns
from training.tables.question import NO_ANSWERS
from training.tables.reader import ReadTable
from training.tables.targets.problem_type import ProblemType


@dataclass(frozen=True, kw_only=True, eq=False)
class SecondTable:
    """`report` is None for a table without labels that the model knows."""

    predictions: list[Mapping[str, Any]]
    report: HoldoutReport | None


def require_test_columns(config: TablesConfig, columns: Sequence[str], memory_bytes: int) -> None:
    """Raises TableError if the second table lacks a column of the model, before that is trained."""
    if config.test_data:
        require_columns(columns, _read(config, memory_bytes).table.column_names)


def predict_test_data(
    config: TablesConfig, model: RowPredictor, memory_bytes: int
) -> SecondTable | None:
    """The second table of the settings; None if they name none.

    Raises TableError if it cannot be read, or does not fit the model.
    """
    if not config.test_data:
        return None
    return predict_second_table(model, _read(config, memory_bytes))


def _read(config: TablesConfig, memory_bytes: int) -> ReadTable:
    return DataUpload(memory_bytes).run(config, Path(config.test_data))


def predict_second_table(model: RowPredictor, read: ReadTable) -> SecondTable:
    """Explain the first rows, and measure all that have a label.

    Raises TableError if the table does not fit the model.
    """
    target = model.target.column
    labels = None
    if target in read.table.column_names:
        labels = pc.cast(type_columns(read, NO_ANSWERS).table.column(target), pa.string())
    first = ReadTable(
        table=read.table.slice(0, MAX_SHOWN),
        file_type=read.file_type,
        text_format=read.text_format,
    )
    explained = model.predict(rows_from_table(model, first), explain=True)
    actual = [None] * MAX_SHOWN if labels is None else labels.to_pylist()
    return SecondTable(
        predictions=[shown(row, it) for row, it in zip(explained.rows(), actual, strict=False)],
        report=None if labels is None else _report(model, read, labels),
    )


def _report(model: RowPredictor, read: ReadTable, texts: pa.ChunkedArray) -> HoldoutReport | None:
    """Rows whose label is none of the model's classes are left out; None if no other is left."""
    labels = _labels(model, texts)
    rows = np.flatnonzero(labels.is_labelled)
    if not len(rows):
        return None
    answers = model.predict(rows_from_table(model, read))
    predicted: Floats = (
        np.array(answers.labels, np.float64)[:, None]
        if answers.probabilities is None
        else answers.probabilities
    )
    groups = _groups(model, read)
    return evaluate_holdout(labels.of_rows(rows), predicted[rows], groups[rows])


def _labels(model: RowPredictor, texts: pa.ChunkedArray) -> Labels:
    target = model.target
    if target.problem_type is ProblemType.REGRESSION:
        numbers = pc.cast(texts, pa.float64()).to_numpy()
        strata = np.where(np.isfinite(numbers), 0, -1).astype(np.int64)
        return Labels(problem_type=target.problem_type, classes=(), strata=strata, numbers=numbers)
    return class_labels(texts, target.classes, problem_type=target.problem_type)


def _groups(model: RowPredictor, read: ReadTable) -> Integers:
    """By the column that kept rows together in training, if the table has it."""
    name = model.facts.get("group")
    if name not in read.table.column_names:
        return np.arange(read.table.num_rows)
    codes = read.table.column(name).combine_chunks().dictionary_encode(null_encoding="encode")
    found: Integers = codes.indices.to_numpy().astype(np.int64)
    return found
