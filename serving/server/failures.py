"""Turns an error into a gRPC status with `google.rpc` details, and names the place of an unexpected one."""

import traceback
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from serving.errors import DOMAIN, Reason, ServingError

RETRY_DELAY_S = 1
"""After a refusal because the queue is full, the sender should wait this long."""


def grpc_status(error: ServingError) -> grpc.Status:
    """The status of the error, with `ErrorInfo`, and `RetryInfo` where a later attempt may succeed."""
    details: list[Any] = [ErrorInfo(reason=error.reason.value, domain=DOMAIN)]
    if error.reason is Reason.QUEUE_FULL:
        details.append(RetryInfo(retry_delay=Duration(seconds=RETRY_DELAY_S)))
    return rpc_status.to_status(
        Status(
            code=error.status.value[0],
            message=error.message,
            details=[_packed(it) for it in details],
        )
    )


def _packed(message: Any) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed


def places_of(error: BaseException) -> str:
    """The type of an unexpected error and where it was raised.

    Its message is left out: that of a decoder may quote the name of a patient.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"
