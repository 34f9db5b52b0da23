"""The methods of `serving.v1.PredictionService`: each reads its request, has its rows predicted, and answers."""

import asyncio
from collections.abc import AsyncIterator

import grpc.aio

from serving.server.admission import Admission
from serving.server.deadline import Deadline
from serving.server.file_uploads import read_file, read_file_header
from serving.server.request_log import RequestLog
from serving.server.spool import Spool, removed_files
from serving.server.uploads import UploadLimits, request_id_of
from serving.settings import ServingSettings
from serving.tables.options import PredictionOptions
from serving.tables.predictor import TablePredictor
from serving.tables.protocol import TableLeases
from serving.tables.reading import ReadingLimits, table_of
from serving.v1 import predictions_pb2 as messages
from serving.v1 import predictions_pb2_grpc


class PredictionService(predictions_pb2_grpc.PredictionServiceServicer):
    """`predictor` and `models` are shared with nobody else; their caller closes them."""

    def __init__(
        self,
        settings: ServingSettings,
        *,
        models: TableLeases,
        predictor: TablePredictor,
        admission: Admission,
        spool: Spool,
        log: RequestLog,
    ) -> None:
        self._timeout_s = settings.request_timeout_s
        self._limits = UploadLimits.of(settings)
        self._reading = ReadingLimits.of(settings)
        self._models = models
        self._predictor = predictor
        # A file takes memory from its reading to its last answer.
        self._files = asyncio.Semaphore(predictor.num_threads)
        self._admission = admission
        self._spool = spool
        self._log = log

    async def Predict(  # noqa: N802 - the name in the proto file
        self, request: messages.PredictRequest, context: grpc.aio.ServicerContext
    ) -> messages.PredictResponse:
        async with self._log.recorded("Predict", context) as record:
            deadline = self._deadline(context)
            with self._admission.place():
                record.request_id = request_id_of(request.request_id)
                options = PredictionOptions.parse(request.options)
                async with self._models.lease(options.model, deadline) as model:
                    record.model = model.shown
                    async with self._admission.turn(deadline):
                        made = await self._predictor.predict(model, request.rows, options, deadline)
                return messages.PredictResponse(request_id=record.request_id, predictions=made)

    async def PredictFile(  # noqa: N802 - the name in the proto file
        self,
        request_iterator: AsyncIterator[messages.PredictFileRequest],
        context: grpc.aio.ServicerContext,
    ) -> None:
        async with self._log.recorded("PredictFile", context) as record:
            deadline = self._deadline(context)
            with self._admission.place(), removed_files() as spooled:
                async with deadline.enforced():
                    header = await read_file_header(request_iterator, self._limits)
                    record.request_id = request_id_of(header.request_id)
                    options = PredictionOptions.parse(header.options)
                    # An unknown model is refused before its file is received.
                    async with self._models.lease(options.model, deadline) as model:
                        record.model = model.shown
                        record.num_files = 1
                        file = await read_file(request_iterator, self._limits, self._spool, spooled)
                        async with (
                            self._files,
                            self._admission.turn(deadline),
                            table_of(file, header.sheet, self._reading, deadline) as table,
                        ):
                            parts = self._predictor.predict_table(model, table, options, deadline)
                            async for made in parts:
                                await context.write(
                                    messages.PredictFileResponse(
                                        request_id=record.request_id, predictions=made
                                    )
                                )

    def _deadline(self, context: grpc.aio.ServicerContext) -> Deadline:
        """That of the caller; for a caller without one, that of the settings."""
        left_s = context.time_remaining()
        return Deadline.after(self._timeout_s if left_s is None else left_s)
