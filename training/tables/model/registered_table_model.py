"""The code of a registered model of tables, which MLflow executes when the model is loaded.

MLflow keeps this file with the model (models from code), so no class is pickled. It needs Fovea
with its `training` extra.
"""

import json
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from training.tables.arrow_columns import normalised, unsupported
from training.tables.errors import TableError
from training.tables.file_type import FileType
from training.tables.files.python_columns import ColumnBuilder
from training.tables.model.predictions import PredictedRow
from training.tables.model.table_model import NUM_REASONS, TableModel, rows_from_table
from training.tables.printable import printable
from training.tables.reader import ReadTable

_SCALARS = (bool, int, float, str, date, datetime, type(None))


class _Predictor:
    """Maps a data frame of a model's columns to one of labels, probabilities and warnings."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the model."""
        self.model = TableModel.load(Path(context.artifacts["model"]))

    # MLflow would read type hints as the signature of the model.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """The columns of the signature; `params` may have `explain` and `top`."""
        params = params or {}
        rows = rows_from_table(self.model, _read(model_input))
        predictions = self.model.predict(
            rows, explain=bool(params.get("explain")), top=int(params.get("top", NUM_REASONS))
        )
        return pd.DataFrame([_columns(row) for row in predictions.rows()])


def _read(frame: pd.DataFrame) -> ReadTable:
    names = [str(name) for name in frame.columns]
    columns = [_read_column(frame.iloc[:, at], name) for at, name in enumerate(names)]
    return ReadTable(table=pa.table(columns, names=names), file_type=FileType.PARQUET)


def _read_column(values: pd.Series, name: str) -> pa.ChunkedArray:
    try:
        found = pa.Array.from_pandas(values)
        if unsupported(found.type) is None:
            return normalised(pa.chunked_array([found]))
    except pa.ArrowException:
        # Values of several types become text, so that the first that does not fit has its row.
        if all(isinstance(value, _SCALARS) for value in values):
            builder = ColumnBuilder()
            builder.add([None if pd.isna(value) else value for value in values])
            return builder.finish()
    # Messages of Arrow quote values.
    raise TableError(
        f"Expected numbers, texts, dates or booleans in the column '{printable(name)}', but other "
        "types came."
    )


def _columns(row: PredictedRow) -> dict[str, object]:
    columns: dict[str, object] = {"label": row.label}
    if row.probabilities is not None:
        columns["confidence"] = row.confidence
        columns |= {f"probability of {name}": value for name, value in row.probabilities.items()}
    columns["warnings"] = json.dumps(
        [{"column": item.column, "message": item.message} for item in row.warnings]
    )
    if row.explanation is not None:
        columns["reasons"] = json.dumps(row.explanation.reasons)
        columns["base_value"] = row.explanation.base_value
        columns["total"] = row.explanation.total
        columns["contributions"] = json.dumps(row.explanation.contributions)
    return columns


class TablePredictor(_Predictor, PythonModel):
    """The model as MLflow calls it; MLflow would demand type hints if `predict` was defined here."""


set_model(TablePredictor())
