"""Errors of the gRPC service become errors with an HTTP status."""

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
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
from api.inference.refusals import (
    RETRY_AFTER_S,
    ServiceFailure,
    failure_of,
    refusal_of,
    refusal_of_problem,
)
from serving.errors import Reason, ServingError

ADDRESS = "localhost:50051"
EXPECTED: dict[Reason, type[ApiError]] = {
    Reason.IMAGE_UNREADABLE: UnprocessableError,
    Reason.IMAGE_TOO_LARGE: TooLargeError,
    Reason.REQUEST_TOO_LARGE: TooLargeError,
    Reason.UNAUTHENTICATED: UpstreamError,
    Reason.DEADLINE_EXCEEDED: UpstreamTimeoutError,
    Reason.QUEUE_FULL: UnavailableError,
    Reason.MODEL_NOT_LOADED: UnavailableError,
    Reason.MODEL_FAILED: UpstreamError,
    Reason.SEGMENTATION_UNAVAILABLE: ConflictError,
    Reason.MODEL_NOT_FOUND: NotFoundError,
    Reason.MODEL_REFUSED: ConflictError,
    Reason.SHUTTING_DOWN: UnavailableError,
    Reason.SERVICE_FAILED: UpstreamError,
}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_of_the_service_has_its_error(reason: Reason) -> None:
    status = ServingError(reason, "what to do").status
    refused = refusal_of(ServiceFailure(status, reason, "what to do"), ADDRESS)

    assert type(refused) is EXPECTED.get(reason, UnprocessableError)


def test_the_service_s_own_sentence_is_passed_on() -> None:
    failure = ServiceFailure(grpc.StatusCode.INVALID_ARGUMENT, "", "A DICOM file was\texpected")
    assert str(refusal_of(failure, ADDRESS)) == "A DICOM file was expected"


def test_a_service_that_is_not_there_is_named_with_what_to_start() -> None:
    failure = ServiceFailure(grpc.StatusCode.UNAVAILABLE, "", "ipv4:10.0.0.7: Connection refused")

    refused = refusal_of(failure, ADDRESS)

    assert isinstance(refused, UnavailableError)
    assert refused.retry_after_s == RETRY_AFTER_S
    assert f"does not answer at {ADDRESS}: start it with `python -m serving`" in str(refused)
    assert "10.0.0.7" not in str(refused)


def test_what_a_program_says_when_it_fails_stays_in_its_log() -> None:
    failure = ServiceFailure(grpc.StatusCode.UNKNOWN, "", "KeyError: 'Okonkwo'")
    assert "Okonkwo" not in str(refusal_of(failure, ADDRESS))


def test_a_failed_diagnosis_is_refused_by_its_reason() -> None:
    assert isinstance(refusal_of_problem("IMAGE_UNREADABLE", "no image"), UnprocessableError)
    assert isinstance(refusal_of_problem("SOMETHING_NEW", "no image"), UpstreamError)


def error_with(details: bytes) -> grpc.aio.AioRpcError:
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", details))
    return grpc.aio.AioRpcError(
        grpc.StatusCode.INVALID_ARGUMENT, grpc.aio.Metadata(), trailing, details="no image"
    )


def test_the_reason_is_read_from_the_details() -> None:
    info = AnyMessage()
    info.Pack(ErrorInfo(reason="IMAGE_UNREADABLE"))
    other = AnyMessage()
    other.Pack(Status())
    details = Status(details=[other, info]).SerializeToString()

    assert failure_of(error_with(details)).reason == "IMAGE_UNREADABLE"


def test_details_that_cannot_be_read_give_no_reason() -> None:
    assert failure_of(error_with(b"\xff\xff")).reason == ""
