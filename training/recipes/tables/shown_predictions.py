"""Predicts rows of the holdout for people to look at."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from training.recipes.tables.stages.analysis import Analysis
from training.tables.descriptions import TypedTable
from training.tables.model.predictions import PredictedRow
from training.tables.model.table_model import TableModel, rows_from_table

MAX_SHOWN = 500


def predict_holdout(model: TableModel, analysis: Analysis) -> list[Mapping[str, Any]]:
    """The first rows of the holdout, with their labels."""
    numbers = pa.array(analysis.split.holdout[:MAX_SHOWN])
    typed = analysis.typed
    table = typed.table.take(numbers)
    part = TypedTable(table=table, columns=typed.columns)
    predictions = model.predict(rows_from_table(model, part), explain=True)
    labels = pc.cast(table.column(analysis.target.column), pa.string()).to_pylist()
    rows = zip(predictions.rows(), numbers.to_pylist(), labels, strict=True)
    return [{**shown(row, label), "row": number + 1} for row, number, label in rows]


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
