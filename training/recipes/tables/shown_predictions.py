"""Predicts rows of the holdout for people to look at."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.descriptions import TypedTable
from training.tables.labels import Integers
from training.tables.model.predictions import PredictedRow
from training.tables.model.row_predictor import RowPredictor
from training.tables.model.table_model import rows_from_table

MAX_SHOWN = 500


def predict_holdout(
    model: RowPredictor, typed: TypedTable, rows: Integers, row_numbers: Integers
) -> list[Mapping[str, Any]]:
    """The first of these rows of the table, with their labels and their numbers from 0 in the file."""
    part = TypedTable(table=typed.table.take(pa.array(rows[:MAX_SHOWN])), columns=typed.columns)
    labels = part.table.column(model.target.column)
    return predict_rows(
        model, rows_from_table(model, part), labels, np.arange(part.table.num_rows), row_numbers
    )


def predict_rows(
    model: RowPredictor,
    taken: pa.Table,
    labels: pa.ChunkedArray,
    rows: Integers,
    row_numbers: Integers,
) -> list[Mapping[str, Any]]:
    """As `predict_holdout`, of a table as the model takes it and the labels of all its rows."""
    first = pa.array(rows[:MAX_SHOWN])
    predictions = model.predict(taken.take(first), explain=True)
    texts = pc.cast(labels.take(first), pa.string()).to_pylist()
    answers = zip(predictions.rows(), row_numbers[:MAX_SHOWN].tolist(), texts, strict=True)
    return [{**shown(row, label), "row": number + 1} for row, number, label in answers]


def shown(row: PredictedRow, actual: str | None) -> Mapping[str, Any]:
    """The answer for a row with its label, without the reasons in words, which quote cells."""
    explanation = row.explanation
    return {
        "row": row.row,
        "prediction": row.label,
        "confidence": row.confidence,
        "probabilities": row.probabilities,
        "actual": actual,
        "contributions": {} if explanation is None else explanation.contributions,
        "explained": None if explanation is None else explanation.output,
        "base_value": None if explanation is None else explanation.base_value,
    }
