"""Asks the service for predictions about rows of tables."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

from serving.client.connected_client import AnyPath, ConnectedClient
from serving.client.files import chunks_of, readable
from serving.tables.cells import Cell, value_of
from serving.v1 import predictions_pb2 as messages
from serving.v1.predictions_pb2_grpc import PredictionServiceStub
from tracking_plugin.sent_status import sent_status


class TablePredictionClient(ConnectedClient):
    """Its methods raise DiagnosisServiceError, and OSError for a file that cannot be read.

    `options` are further fields of PredictionOptions: `alias`, `explain`, `top`,
    `confidence_threshold`.
    """

    async def predict(
        self, model: str, rows: Iterable[Mapping[str, Cell]], **options: Any
    ) -> messages.Predictions:
        """The predictions of rows, each the cells by column; None is a missing value."""
        request = messages.PredictRequest(
            options=messages.PredictionOptions(model=model, **options),
            rows=[
                messages.Row(cells={name: value_of(cell) for name, cell in row.items()})
                for row in rows
            ],
        )
        with self._errors():
            answer = await self._stub().Predict(
                request, timeout=self._timeout_s, metadata=self._address.metadata
            )
        predictions: messages.Predictions = answer.predictions
        return predictions

    async def predict_file(
        self, model: str, path: AnyPath, *, sheet: str = "", **options: Any
    ) -> AsyncIterator[messages.Predictions]:
        """The predictions of the rows of a file in their order, part by part."""
        # Raises OSError before anything is sent.
        (file,) = await asyncio.to_thread(readable, [path])
        header = messages.PredictFileHeader(
            options=messages.PredictionOptions(model=model, **options), sheet=sheet
        )
        with self._errors():
            call = self._stub().PredictFile(
                _file_messages(header, file),
                timeout=self._timeout_s,
                metadata=self._address.metadata,
            )
            try:
                with sent_status(call):
                    async for answer in call:
                        yield answer.predictions
            finally:
                # Of no effect once the call has ended; else the caller wants no more answers.
                call.cancel()

    def _stub(self) -> Any:
        return PredictionServiceStub(self._open_channel())


async def _file_messages(
    header: messages.PredictFileHeader, file: Path
) -> AsyncIterator[messages.PredictFileRequest]:
    yield messages.PredictFileRequest(header=header)
    async for part in chunks_of(file):
        yield messages.PredictFileRequest(content=part)
