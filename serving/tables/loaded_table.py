"""A registered model of tables in memory: loads it, warms it, and predicts rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from serving.engine.model_file import ModelRefusedError
from serving.engine.registry import RegisteredVersion
from serving.tables.answers import predictions_message
from serving.tables.cells import Cell, value_of
from serving.tables.options import PredictionOptions
from serving.v1 import predictions_pb2 as messages
from training.tables.errors import TableError
from training.tables.model.table_model import TableModel, rows_from_json, rows_from_table
from training.tables.reader import ReadTable


class LoadedTable:
    """Implements `serving.tables.protocol.ServedTable`."""

    def __init__(self, version: RegisteredVersion, model: TableModel) -> None:
        self.version = version
        self._model = model
        self._frame = messages.Predictions(
            model=messages.TableModelVersion(
                name=version.name, version=version.version, run_id=version.run_id
            ),
            target=model.target.column,
            classes=map(value_of, model.target.labels) if model.target.has_classes else (),
        )

    @property
    def shown(self) -> str:
        return f"{self.version.name} {self.version.version}"

    @property
    def num_classes(self) -> int:
        return len(self._frame.classes)

    @property
    def num_features(self) -> int:
        return len(self._model.encoder.features)

    def rows_of_cells(self, rows: Sequence[Mapping[str, Cell]]) -> pa.Table:
        # The service has its own, lower limit.
        return rows_from_json(self._model, [dict(row) for row in rows], max_rows=len(rows))

    def rows_of_file(self, read: ReadTable) -> pa.Table:
        return rows_from_table(self._model, read)

    def predict(
        self, rows: pa.Table, first_row: int, options: PredictionOptions
    ) -> messages.Predictions:
        made = self._model.predict(
            rows, explain=options.explain, top=options.top, first_row=first_row
        )
        return predictions_message(self._frame, made, options.confidence_threshold)

    def warm(self) -> None:
        """Predict and explain a row of missing values, and so load what libraries load late.

        Raises ModelRefusedError if the answer has values that are not finite numbers.
        """
        missing = [{column.name: None for column in self._model.inputs}]
        made = self._model.predict(rows_from_json(self._model, missing), explain=True)
        numbers = made.labels if made.probabilities is None else made.probabilities
        if not np.isfinite(np.asarray(numbers, np.float64)).all():
            raise ModelRefusedError("it predicts values that are not finite numbers")

    async def close(self) -> None:
        """Nothing is held but memory, which ends with the last reference."""


def load_table(version: RegisteredVersion, folder: Path) -> LoadedTable:
    """The model in the folder that `TableModel.save` wrote, warm. Raises ModelRefusedError."""
    try:
        loaded = LoadedTable(version, TableModel.load(folder))
        loaded.warm()
    except TableError as error:
        raise ModelRefusedError(str(error)) from error
    except ModelRefusedError:
        raise
    except Exception as error:
        raise ModelRefusedError(
            f"its files cannot be read ({type(error).__name__}): register it again with this version "
            "of Fovea"
        ) from error
    return loaded
