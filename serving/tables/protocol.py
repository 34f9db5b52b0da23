"""The interface between the gRPC service and the registered models of tables."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import pyarrow as pa

from serving.server.deadline import Deadline
from serving.tables.cells import Cell
from serving.tables.model_alias import ModelAlias
from serving.tables.options import PredictionOptions
from serving.v1 import predictions_pb2 as messages
from training.tables.reader import ReadTable


class ServedTable(Protocol):
    """One version of a model. Its methods block, and raise TableError for rows that it cannot take."""

    @property
    def shown(self) -> str:
        """Name and version, for the log."""

    @property
    def num_classes(self) -> int:
        """0 for a model of numbers."""

    @property
    def num_features(self) -> int: ...

    def rows_of_cells(self, rows: Sequence[Mapping[str, Cell]]) -> pa.Table:
        """The columns of the model, from the cells of each row by column."""

    def rows_of_file(self, read: ReadTable) -> pa.Table:
        """The columns of the model, from those of a file."""

    def predict(
        self, rows: pa.Table, first_row: int, options: PredictionOptions
    ) -> messages.Predictions:
        """The predictions of `rows`, of which the first one is row `first_row` of the request."""


class TableLeases(Protocol):
    """Leases registered models by name and alias."""

    def lease(
        self, model: ModelAlias, deadline: Deadline
    ) -> AbstractAsyncContextManager[ServedTable]:
        """The version of the alias, which stays loaded while inside.

        Raises ServingError MODEL_NOT_FOUND, MODEL_REFUSED, MODEL_NOT_LOADED, QUEUE_FULL,
        DEADLINE_EXCEEDED or SHUTTING_DOWN.
        """

    @property
    def num_loaded(self) -> int: ...

    async def close(self) -> None:
        """Free all models."""
