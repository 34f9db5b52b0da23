"""Keeps the status with which a server ended a gRPC call, which grpc.aio may overwrite."""

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc
import grpc.aio

T = TypeVar("T")


@contextmanager
def sent_status(call: Any) -> Iterator[None]:
    """Within it, an AioRpcError of `call` has the status that the server sent.

    A server may end a call while its client still sends. If grpc.aio learns of the status before it
    learns that its write has failed, it replaces the status by INTERNAL
    (https://github.com/grpc/grpc/issues/36066).
    """
    sent: list[grpc.aio.AioRpcError] = []
    call.add_done_callback(lambda ended: sent.append(_error_of(ended)))
    try:
        yield
    except grpc.aio.AioRpcError as error:
        if sent and error.code() is grpc.StatusCode.INTERNAL and not error.trailing_metadata():
            raise sent[0] from None
        raise


def _error_of(ended: Any) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(
        _result(ended.code()),
        grpc.aio.Metadata(),
        _result(ended.trailing_metadata()),
        details=_result(ended.details()),
    )


def _result(finished: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns; it must not have to wait.

    A task would run later, when the status may have been replaced.
    """
    try:
        finished.send(None)
    except StopIteration as returned:
        result: T = returned.value
        return result
    raise RuntimeError("a coroutine that does not wait was expected")
