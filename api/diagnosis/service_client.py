"""Calls the diagnosis service: each call streams files to it in chunks, and raises an ApiError."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import grpc

from api.diagnosis.v1 import diagnosis_pb2 as v1
from api.inference.files import CHUNK_BYTES, ReadableFile
from api.inference.refusals import failure_of, refusal_of
from tracking_plugin.sent_status import sent_status

SERVICE = "/serving.v1.DiagnosisService"
HEALTH_TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """An uploaded file, and what the service is told about it."""

    header: v1.FileHeader
    content: ReadableFile


class ServiceClient:
    """`timeout_s` is the deadline of a diagnosis, which the service keeps as well."""

    def __init__(
        self, channel: grpc.aio.Channel, address: str, *, token: str, timeout_s: float
    ) -> None:
        self._address = address
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._timeout_s = timeout_s
        self._diagnose = channel.stream_unary(
            f"{SERVICE}/Diagnose",
            request_serializer=v1.DiagnoseRequest.SerializeToString,
            response_deserializer=v1.DiagnoseResponse.FromString,
        )
        self._batch = channel.stream_stream(
            f"{SERVICE}/DiagnoseBatch",
            request_serializer=v1.DiagnoseBatchRequest.SerializeToString,
            response_deserializer=v1.DiagnoseBatchResponse.FromString,
        )
        self._health = channel.unary_unary(
            f"{SERVICE}/Health",
            request_serializer=v1.HealthRequest.SerializeToString,
            response_deserializer=v1.HealthResponse.FromString,
        )

    async def health(self) -> v1.HealthResponse:
        call = self._health(v1.HealthRequest(), timeout=HEALTH_TIMEOUT_S, metadata=self._metadata)
        try:
            answer: v1.HealthResponse = await call
        except grpc.aio.AioRpcError as error:
            raise refusal_of(failure_of(error), self._address) from None
        return answer

    async def diagnose(
        self, request_id: str, options: v1.DiagnosisOptions, files: Sequence[SentFile]
    ) -> v1.Diagnosis:
        """One diagnosis of all `files`, which are of one patient."""
        call = self._diagnose(
            _diagnose_requests(request_id, options, files),
            timeout=self._timeout_s,
            metadata=self._metadata,
        )
        try:
            with sent_status(call):
                answer: v1.DiagnoseResponse = await call
        except grpc.aio.AioRpcError as error:
            raise refusal_of(failure_of(error), self._address) from None
        return answer.diagnosis

    async def diagnose_batch(
        self, options: v1.DiagnosisOptions, files: Sequence[tuple[str, SentFile]]
    ) -> AsyncIterator[v1.Diagnosis]:
        """A diagnosis of each file, under its request id, in any order."""
        call = self._batch(
            _batch_requests(options, files), timeout=self._timeout_s, metadata=self._metadata
        )
        try:
            with sent_status(call):
                async for answer in call:
                    yield answer.diagnosis
        except grpc.aio.AioRpcError as error:
            raise refusal_of(failure_of(error), self._address) from None
        finally:
            call.cancel()


async def _diagnose_requests(
    request_id: str, options: v1.DiagnosisOptions, files: Sequence[SentFile]
) -> AsyncIterator[v1.DiagnoseRequest]:
    headers = [file.header for file in files]
    header = v1.DiagnoseHeader(request_id=request_id, files=headers, options=options)
    yield v1.DiagnoseRequest(header=header)
    for position, file in enumerate(files):
        while content := await file.content.read(CHUNK_BYTES):
            yield v1.DiagnoseRequest(chunk=v1.FileChunk(file=position, content=content))


async def _batch_requests(
    options: v1.DiagnosisOptions, files: Sequence[tuple[str, SentFile]]
) -> AsyncIterator[v1.DiagnoseBatchRequest]:
    for request_id, file in files:
        header = v1.BatchItemHeader(request_id=request_id, file=file.header, options=options)
        yield v1.DiagnoseBatchRequest(header=header)
        while content := await file.content.read(CHUNK_BYTES):
            yield v1.DiagnoseBatchRequest(content=content)
