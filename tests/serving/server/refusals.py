"""The errors with which calls end, read as a client reads them, and what the service counted."""

from collections.abc import AsyncIterable
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_status import rpc_status

from serving.errors import DOMAIN
from tests.serving.server.running import Running
from tracking_plugin.sent_status import sent_status


async def refusal(call: grpc.aio.Call) -> tuple[grpc.StatusCode, ErrorInfo, RetryInfo | None]:
    """Status and details of the error with which `call` ends; streamed answers before it are read."""
    with pytest.raises(grpc.aio.AioRpcError) as raised, sent_status(call):
        await _read_to_its_end(call)
    details = await rpc_status.aio.from_call(Ended(raised.value))
    info, retry = ErrorInfo(), RetryInfo()
    found = {
        type(message): each.Unpack(message)
        for each in details.details
        for message in (info, retry)
        if each.Is(message.DESCRIPTOR)
    }
    assert info.domain == DOMAIN
    return raised.value.code(), info, retry if RetryInfo in found else None


async def _read_to_its_end(call: Any) -> None:
    if isinstance(call, AsyncIterable):
        async for _ in call:
            pass
    else:
        await call


class Ended:
    """A call that has ended with an error, in the form in which grpcio-status reads it."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self._error = error

    async def trailing_metadata(self) -> Any:
        return self._error.trailing_metadata()

    async def code(self) -> Any:
        return self._error.code()

    async def details(self) -> Any:
        return self._error.details()


def counted(served: Running, method: str, status: str) -> float:
    labels = {"method": method, "status": status}
    return served.metrics.registry.get_sample_value("fovea_serving_requests_total", labels) or 0
