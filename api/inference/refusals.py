"""Turns the errors of the inference service into the errors of the routes; does no I/O."""

from collections.abc import Mapping
from typing import NamedTuple

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from api.errors import (
    ApiError,
    ConflictError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
    UnprocessableError,
    UpstreamError,
    UpstreamTimeoutError,
)
from tracking_plugin.printable import printable

RETRY_AFTER_S = 2.0
_LONGEST_MESSAGE = 1000
_DETAILS = "grpc-status-details-bin"

_OF_REASON: Mapping[str, type[ApiError]] = {
    "IMAGE_UNREADABLE": UnprocessableError,
    "IMAGE_UNSUPPORTED": UnprocessableError,
    "IMAGE_TOO_LARGE": TooLargeError,
    "DECODER_CRASHED": UnprocessableError,
    "DECODER_TOO_SLOW": UnprocessableError,
    "REQUEST_INVALID": UnprocessableError,
    "REQUEST_TOO_LARGE": TooLargeError,
    "DEADLINE_EXCEEDED": UpstreamTimeoutError,
    "QUEUE_FULL": UnavailableError,
    "MODEL_NOT_LOADED": UnavailableError,
    "MODEL_FAILED": UpstreamError,
    "SEGMENTATION_UNAVAILABLE": ConflictError,
    "ROWS_INVALID": UnprocessableError,
    "FILE_UNSUPPORTED": UnprocessableError,
    "MODEL_NOT_FOUND": NotFoundError,
    "MODEL_REFUSED": ConflictError,
    "SHUTTING_DOWN": UnavailableError,
    "SERVICE_FAILED": UpstreamError,
}
_OF_STATUS: Mapping[grpc.StatusCode, type[ApiError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: UnprocessableError,
    grpc.StatusCode.OUT_OF_RANGE: UnprocessableError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: UnavailableError,
    grpc.StatusCode.FAILED_PRECONDITION: ConflictError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: UpstreamTimeoutError,
}
_OF_THIS_SERVER = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
_SENTENCES = {
    grpc.StatusCode.DEADLINE_EXCEEDED: "The inference service did not answer in time: send less "
    "at once, or raise FOVEA_DIAGNOSIS_TIMEOUT_S or FOVEA_PREDICTION_TIMEOUT_S on the server",
    grpc.StatusCode.UNIMPLEMENTED: "The inference service does not know this request: start one of "
    "the same version as this server",
}
_UNACCEPTED = (
    "The inference service does not accept the token of this server: give both the same "
    "FOVEA_SERVING_TOKEN"
)


class ServiceFailure(NamedTuple):
    """An error of the service; `reason` is empty where it has given none."""

    code: grpc.StatusCode
    reason: str
    message: str


def failure_of(error: grpc.aio.AioRpcError) -> ServiceFailure:
    return ServiceFailure(error.code(), _reason(error), error.details() or "")


def refusal_of(failure: ServiceFailure, address: str) -> ApiError:
    """The error for the client; `address` is that of the service."""
    code, reason, message = failure
    if code in _OF_THIS_SERVER:
        return UpstreamError(_UNACCEPTED)
    if code is grpc.StatusCode.UNAVAILABLE and not reason:
        # The message of the library names addresses and errors of the system.
        return UnavailableError(not_reachable(address), retry_after_s=RETRY_AFTER_S)
    if code in _SENTENCES and not reason:
        kind = _OF_STATUS.get(code, UpstreamError)
        return kind(_SENTENCES[code])
    kind = _OF_REASON.get(reason) or _OF_STATUS.get(code, UpstreamError)
    if kind is UpstreamError:
        # Its message may be a trace of the program.
        return UpstreamError("The inference service failed: its log has the reason")
    sentence = printable(message, _LONGEST_MESSAGE) or f"The inference service refused: {code.name}"
    if kind is UnavailableError:
        return UnavailableError(sentence, retry_after_s=RETRY_AFTER_S)
    return kind(sentence)


def refusal_of_problem(reason: str, message: str) -> ApiError:
    """The error for a diagnosis that has failed as a whole."""
    return refusal_of(ServiceFailure(grpc.StatusCode.UNKNOWN, reason, message), "")


def not_reachable(address: str) -> str:
    return (
        f"The inference service does not answer at {address}: start it with `python -m serving`, "
        "or start this server with `fovea serve --with-serving`"
    )


def _reason(error: grpc.aio.AioRpcError) -> str:
    """The reason of the service's google.rpc.ErrorInfo, which travels beside the status."""
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS and isinstance(value, bytes):
            return _reason_in(value)
    return ""


def _reason_in(details: bytes) -> str:
    try:
        status = Status.FromString(details)
    except DecodeError:
        return ""
    for detail in status.details:
        info = ErrorInfo()
        if detail.Unpack(info):
            return str(info.reason)
    return ""
