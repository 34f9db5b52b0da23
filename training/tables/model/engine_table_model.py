"""A model of another engine that predicts rows of a table, as long as its engine has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from training.tables.features.encoder import TableEncoder
from training.tables.model.cell_warnings import cell_warnings
from training.tables.model.input_column import InputColumn
from training.tables.model.predictions import TablePredictions
from training.tables.model.target import ModelTarget
from training.tables.selection.engine import EngineModel


@dataclass(frozen=True, kw_only=True, eq=False)
class EngineTableModel:
    """Implements `row_predictor.RowPredictor`; it neither calibrates nor explains."""

    encoder: TableEncoder
    engine_model: EngineModel
    target: ModelTarget
    inputs: tuple[InputColumn, ...]
    facts: Mapping[str, Any]

    def predict(self, rows: pa.Table, *, explain: bool = False) -> TablePredictions:
        predicted = self.engine_model.predict(self.encoder.transform(rows))
        return TablePredictions(
            first_row=1,
            labels=self.target.labels_of(predicted),
            classes=self.target.classes,
            probabilities=predicted if self.target.has_classes else None,
            warnings=cell_warnings(self.inputs, rows, first_row=1),
            explanations=None,
            explained_model=None,
            adds_up_to=None,
        )
