"""A refusal reaches a client that is still sending."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.ports import LOOPBACK
from tracking_plugin.sent_status import sent_status

pytestmark = pytest.mark.anyio

NUM_CALLS = 15
"""More than half of them failed with another status before it was kept."""
BLOCK = bytes(2**20)
NUM_BLOCKS = 64
REASON = "only one block was expected"
METADATA = (("reason", "TOO_LARGE"),)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def refuse_after_one(blocks: Iterator[bytes], context: grpc.ServicerContext) -> Any:
    next(blocks)
    context.set_trailing_metadata(METADATA)
    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, REASON)


HANDLERS = grpc.method_handlers_generic_handler(
    "test",
    {
        "Unary": grpc.stream_unary_rpc_method_handler(refuse_after_one),
        "Stream": grpc.stream_stream_rpc_method_handler(refuse_after_one),
    },
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(2), handlers=[HANDLERS])
    port = server.add_insecure_port(f"{LOOPBACK}:0")
    server.start()
    yield f"{LOOPBACK}:{port}"
    server.stop(None).wait()


async def blocks() -> AsyncIterator[bytes]:
    for _ in range(NUM_BLOCKS):
        yield BLOCK


async def test_a_server_that_refuses_during_an_upload_is_quoted(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        upload = channel.stream_unary("/test/Unary")
        for _ in range(NUM_CALLS):
            call = upload(blocks(), timeout=60)
            with pytest.raises(grpc.aio.AioRpcError) as refused, sent_status(call):
                await call
            assert_quoted(refused.value)


async def test_a_server_that_refuses_in_place_of_answers_is_quoted(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        upload = channel.stream_stream("/test/Stream")
        for _ in range(NUM_CALLS):
            call = upload(blocks(), timeout=60)
            with pytest.raises(grpc.aio.AioRpcError) as refused, sent_status(call):
                async for _ in call:
                    pass
            assert_quoted(refused.value)


def assert_quoted(error: grpc.aio.AioRpcError) -> None:
    assert (error.code(), error.details()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, REASON)
    assert tuple(error.trailing_metadata()) == METADATA
