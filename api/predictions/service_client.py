"""Calls the prediction methods of the inference service; each call raises an ApiError."""

from collections.abc import AsyncIterator

import grpc

from api.inference.files import CHUNK_BYTES, ReadableFile
from api.inference.refusals import failure_of, refusal_of
from api.predictions.v1 import predictions_pb2 as v1
from tracking_plugin.sent_status import sent_status

SERVICE = "/serving.v1.PredictionService"


class PredictionClient:
    """`timeout_s` is the deadline of a request, which the service keeps as well."""

    def __init__(
        self, channel: grpc.aio.Channel, address: str, *, token: str, timeout_s: float
    ) -> None:
        self._address = address
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._timeout_s = timeout_s
        self._predict = channel.unary_unary(
            f"{SERVICE}/Predict",
            request_serializer=v1.PredictRequest.SerializeToString,
            response_deserializer=v1.PredictResponse.FromString,
        )
        self._predict_file = channel.stream_stream(
            f"{SERVICE}/PredictFile",
            request_serializer=v1.PredictFileRequest.SerializeToString,
            response_deserializer=v1.PredictFileResponse.FromString,
        )

    async def predict(self, request: v1.PredictRequest) -> v1.Predictions:
        call = self._predict(request, timeout=self._timeout_s, metadata=self._metadata)
        try:
            answer: v1.PredictResponse = await call
        except grpc.aio.AioRpcError as error:
            raise refusal_of(failure_of(error), self._address) from None
        return answer.predictions

    async def predict_file(
        self, header: v1.PredictFileHeader, content: ReadableFile
    ) -> AsyncIterator[v1.Predictions]:
        """The predictions of the rows of a file in their order, part by part."""
        call = self._predict_file(
            _file_requests(header, content), timeout=self._timeout_s, metadata=self._metadata
        )
        try:
            with sent_status(call):
                async for answer in call:
                    yield answer.predictions
        except grpc.aio.AioRpcError as error:
            raise refusal_of(failure_of(error), self._address) from None
        finally:
            call.cancel()


async def _file_requests(
    header: v1.PredictFileHeader, content: ReadableFile
) -> AsyncIterator[v1.PredictFileRequest]:
    yield v1.PredictFileRequest(header=header)
    while chunk := await content.read(CHUNK_BYTES):
        yield v1.PredictFileRequest(content=chunk)
