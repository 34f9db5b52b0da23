"""What a stage needs of a model to predict rows of a table."""

from collections.abc import Mapping
from typing import Any, Protocol

import pyarrow as pa

from training.tables.model.input_column import InputColumn
from training.tables.model.predictions import TablePredictions
from training.tables.model.target import ModelTarget


class RowPredictor(Protocol):
    @property
    def target(self) -> ModelTarget: ...

    @property
    def inputs(self) -> tuple[InputColumn, ...]:
        """The columns that the model takes."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What else is known of the training, as JSON."""

    def predict(self, rows: pa.Table, *, explain: bool = False) -> TablePredictions:
        """The answers for rows from `rows_from_table`; a model that cannot explain gives none."""
