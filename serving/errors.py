"""The errors of the service: each has a constant reason, and a gRPC status that goes with it."""

from enum import StrEnum

import grpc

DOMAIN = "fovea"
"""`google.rpc.ErrorInfo.domain` of the reasons below."""


class Reason(StrEnum):
    """Why a request, an image or a row was refused; `google.rpc.ErrorInfo.reason` of the answer."""

    IMAGE_UNREADABLE = "IMAGE_UNREADABLE"
    IMAGE_UNSUPPORTED = "IMAGE_UNSUPPORTED"
    IMAGE_TOO_LARGE = "IMAGE_TOO_LARGE"
    DECODER_CRASHED = "DECODER_CRASHED"
    DECODER_TOO_SLOW = "DECODER_TOO_SLOW"
    REQUEST_INVALID = "REQUEST_INVALID"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    QUEUE_FULL = "QUEUE_FULL"
    MODEL_NOT_LOADED = "MODEL_NOT_LOADED"
    MODEL_FAILED = "MODEL_FAILED"
    SEGMENTATION_UNAVAILABLE = "SEGMENTATION_UNAVAILABLE"
    ROWS_INVALID = "ROWS_INVALID"
    FILE_UNSUPPORTED = "FILE_UNSUPPORTED"
    MODEL_NOT_FOUND = "MODEL_NOT_FOUND"
    MODEL_REFUSED = "MODEL_REFUSED"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    SERVICE_FAILED = "SERVICE_FAILED"


_STATUS = {
    Reason.IMAGE_UNREADABLE: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.IMAGE_UNSUPPORTED: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.IMAGE_TOO_LARGE: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.DECODER_CRASHED: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.DECODER_TOO_SLOW: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.REQUEST_INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.REQUEST_TOO_LARGE: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Reason.DEADLINE_EXCEEDED: grpc.StatusCode.DEADLINE_EXCEEDED,
    Reason.QUEUE_FULL: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Reason.MODEL_NOT_LOADED: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.MODEL_FAILED: grpc.StatusCode.INTERNAL,
    Reason.SEGMENTATION_UNAVAILABLE: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.ROWS_INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.FILE_UNSUPPORTED: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.MODEL_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Reason.MODEL_REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.SHUTTING_DOWN: grpc.StatusCode.UNAVAILABLE,
    Reason.SERVICE_FAILED: grpc.StatusCode.INTERNAL,
}


class ServingError(Exception):
    """A refusal. The message says what was expected and what to do; it holds no identifier of a patient."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    @property
    def status(self) -> grpc.StatusCode:
        return _STATUS[self.reason]

    def __reduce__(self) -> tuple[type["ServingError"], tuple[Reason, str]]:
        return type(self), (self.reason, self.message)
