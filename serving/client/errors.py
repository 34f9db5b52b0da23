"""The one error of the client: what the service said, with its reason, or that it does not answer."""

import grpc
import grpc.aio
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

DETAILS_KEY = "grpc-status-details-bin"


class DiagnosisServiceError(Exception):
    """`reason` is a constant such as QUEUE_FULL; empty if the service did not answer."""

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode,
        reason: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.retry_after_s = retry_after_s


def service_error(error: grpc.aio.AioRpcError, address: str) -> DiagnosisServiceError:
    """The error to raise for a call of the service at `address` that failed with `error`."""
    code = error.code()
    details = _details(error)
    if details is None:
        return DiagnosisServiceError(_own_words(error, address), code=code)
    info, retry = ErrorInfo(), RetryInfo()
    retry_after_s: float | None = None
    for each in details.details:
        each.Unpack(info)
        if each.Unpack(retry):
            retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()
    return DiagnosisServiceError(
        details.message, code=code, reason=info.reason, retry_after_s=retry_after_s
    )


def _details(error: grpc.aio.AioRpcError) -> Status | None:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            return Status.FromString(value)
    return None


def _own_words(error: grpc.aio.AioRpcError, address: str) -> str:
    code = error.code()
    if code is grpc.StatusCode.UNAVAILABLE:
        return (
            f"No diagnosis service answers at {address}: start one with 'python -m serving', or "
            f"name the address of a running one ({error.details()})."
        )
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"The service at {address} did not answer in time: allow more time, or send less."
    return f"The service at {address} answered {code.name}: {error.details()}"
