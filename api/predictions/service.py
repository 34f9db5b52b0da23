"""Has rows of tables predicted by the inference service."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from api.errors import UnprocessableError
from api.inference.channel import open_channel
from api.inference.files import ReadableFile
from api.predictions.cells import value_of
from api.predictions.schemas import RowOptions, RowsRequest
from api.predictions.service_client import PredictionClient
from api.predictions.v1 import predictions_pb2 as v1
from api.settings import Settings

Parts = AsyncIterator[v1.Predictions]
"""Predictions of consecutive rows."""


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A file whose rows are predicted; `sheet` names one of a workbook with several."""

    content: ReadableFile
    options: RowOptions
    sheet: str = ""


class PredictionService:
    def __init__(self, client: PredictionClient) -> None:
        self._client = client

    async def predict(self, model: str, request: RowsRequest) -> v1.Predictions:
        """The predictions of the rows by the champion of the registered model. Raises ApiError."""
        rows = [
            v1.Row(cells={name: value_of(cell) for name, cell in row.items()})
            for row in request.rows
        ]
        return await self._client.predict(
            v1.PredictRequest(request_id=uuid4().hex, options=_options(model, request), rows=rows)
        )

    async def predict_file(self, model: str, file: TableFile) -> Parts:
        """The predictions of the rows of a file, once the first of them are there.

        Raises ApiError for all that is wrong with the file, before it returns.
        """
        header = v1.PredictFileHeader(
            request_id=uuid4().hex, options=_options(model, file.options), sheet=file.sheet
        )
        parts = self._client.predict_file(header, file.content)
        first = await anext(parts, None)
        if first is None:
            raise UnprocessableError("A file with at least one row was expected")
        return _continued(first, parts)


async def one_part(predictions: v1.Predictions) -> Parts:
    yield predictions


async def _continued(first: v1.Predictions, others: Parts) -> Parts:
    async with aclosing(others) as parts:  # type: ignore[type-var]
        yield first
        async for part in parts:
            yield part


def _options(model: str, options: RowOptions) -> v1.PredictionOptions:
    return v1.PredictionOptions(
        model=model,
        explain=options.explain,
        top=options.top,
        confidence_threshold=options.confidence_threshold,
    )


@asynccontextmanager
async def predictions_running(settings: Settings) -> AsyncIterator[PredictionService]:
    """While inside, requests reach the inference service, if it is there."""
    async with open_channel(settings) as channel:
        yield PredictionService(
            PredictionClient(
                channel,
                settings.grpc_address,
                token=settings.serving_token,
                timeout_s=settings.prediction_timeout_s,
            )
        )
