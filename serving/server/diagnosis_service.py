"""The methods of `serving.v1.DiagnosisService`: each reads its request, has it diagnosed, and answers."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import grpc
import grpc.aio

from serving.server.admission import Admission
from serving.server.batch import BatchItem, BatchStream
from serving.server.deadline import Deadline
from serving.server.health import Health
from serving.server.request_log import RequestLog, RequestRecord
from serving.server.spool import Spool, removed_files
from serving.server.uploads import (
    InputFile,
    UploadLimits,
    input_file,
    read_files,
    read_header,
    request_id_of,
    require_size,
)
from serving.settings import ServingSettings
from serving.v1 import diagnosis_pb2 as messages
from serving.v1 import diagnosis_pb2_grpc


class Pipeline(Protocol):
    """Makes a diagnosis of decoded and predicted files."""

    async def diagnose(
        self,
        files: Sequence[InputFile],
        options: messages.DiagnosisOptions,
        *,
        request_id: str,
        deadline: Deadline,
    ) -> messages.Diagnosis:
        """The answer about one patient. Raises ServingError if there is none for any file."""


class DiagnosisService(diagnosis_pb2_grpc.DiagnosisServiceServicer):
    def __init__(
        self,
        settings: ServingSettings,
        *,
        pipeline: Pipeline,
        admission: Admission,
        spool: Spool,
        health: Health,
        log: RequestLog,
    ) -> None:
        self._timeout_s = settings.request_timeout_s
        self._limits = UploadLimits.of(settings)
        self._max_in_flight = settings.max_batch_in_flight
        self._pipeline = pipeline
        self._admission = admission
        self._spool = spool
        self._health = health
        self._log = log

    async def Diagnose(  # noqa: N802 - the name in the proto file
        self,
        request_iterator: AsyncIterator[messages.DiagnoseRequest],
        context: grpc.aio.ServicerContext,
    ) -> messages.DiagnoseResponse:
        async with self._log.recorded("Diagnose", context) as record:
            deadline = self._deadline(context)
            with self._admission.place(), removed_files() as spooled:
                async with deadline.enforced():
                    header = await read_header(request_iterator, self._limits)
                    record.request_id = request_id_of(header.request_id)
                    files = await read_files(
                        request_iterator, header, self._limits, self._spool, spooled
                    )
                diagnosis = await self._diagnose(files, header.options, record, deadline)
                return messages.DiagnoseResponse(diagnosis=diagnosis)

    async def DiagnoseImage(  # noqa: N802 - the name in the proto file
        self, request: messages.DiagnoseImageRequest, context: grpc.aio.ServicerContext
    ) -> messages.DiagnoseImageResponse:
        async with self._log.recorded("DiagnoseImage", context) as record:
            deadline = self._deadline(context)
            with self._admission.place():
                record.request_id = request_id_of(request.request_id)
                require_size(len(request.content), self._limits)
                files = [input_file(request.file, request.content)]
                diagnosis = await self._diagnose(files, request.options, record, deadline)
                return messages.DiagnoseImageResponse(diagnosis=diagnosis)

    async def DiagnoseBatch(  # noqa: N802 - the name in the proto file
        self,
        request_iterator: AsyncIterator[messages.DiagnoseBatchRequest],
        context: grpc.aio.ServicerContext,
    ) -> None:
        async with self._log.recorded("DiagnoseBatch", context) as record:
            record.request_id = request_id_of("")

            async def answer(item: BatchItem) -> messages.Diagnosis:
                files = [input_file(item.header.file, item.file.content())]
                item_record = RequestRecord(method=record.method, request_id=item.request_id)
                deadline = self._deadline(context)
                diagnosis = await self._diagnose(files, item.header.options, item_record, deadline)
                record.model = item_record.model
                return diagnosis

            with self._admission.place(), removed_files() as spooled:
                batch = BatchStream(
                    answer=answer,
                    write=context.write,
                    limits=self._limits,
                    max_in_flight=self._max_in_flight,
                    spool=self._spool,
                    files=spooled,
                )
                try:
                    await batch.run(request_iterator)
                finally:
                    record.num_files = batch.num_images

    async def Health(  # noqa: N802 - the name in the proto file
        self, request: messages.HealthRequest, context: grpc.aio.ServicerContext
    ) -> messages.HealthResponse:
        return await self._health.answer()

    async def _diagnose(
        self,
        files: Sequence[InputFile],
        options: messages.DiagnosisOptions,
        record: RequestRecord,
        deadline: Deadline,
    ) -> messages.Diagnosis:
        record.num_files = len(files)
        async with self._admission.turn(deadline), deadline.enforced():
            diagnosis = await self._pipeline.diagnose(
                files, options, request_id=record.request_id, deadline=deadline
            )
        model = diagnosis.result.model
        record.model = f"{model.name} {model.version}".strip()
        return diagnosis

    def _deadline(self, context: grpc.aio.ServicerContext) -> Deadline:
        """That of the caller; for a caller without one, that of the settings."""
        left_s = context.time_remaining()
        return Deadline.after(self._timeout_s if left_s is None else left_s)
