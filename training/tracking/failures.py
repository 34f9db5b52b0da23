"""What it means when MLflow does not take what it is handed."""

from mlflow.exceptions import ERROR_CODE_TO_HTTP_STATUS, MlflowException
from mlflow.protos.databricks_pb2 import (
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)

REFUSING_STATUSES = frozenset({400, 409, 413, 422})
MAX_REASON_LENGTH = 500


class Unavailable(Exception):  # noqa: N818
    """MLflow could not be asked; the same may be taken later."""


class RunGone(Unavailable):
    """The run is deleted or was never there; only a person can bring it back."""


class Refused(Exception):  # noqa: N818
    """MLflow looked at what it was handed and would not take it.

    `is_doubtful` if the fault may well be the server's own: MLflow answers 400 BAD_REQUEST when
    its pool of database connections runs out, and 500 INTERNAL_ERROR to some bad input.
    """

    def __init__(self, reason: str, *, is_doubtful: bool) -> None:
        super().__init__(reason)
        self.is_doubtful = is_doubtful


def failure(status: int, error_code: str, reason: str) -> Unavailable | Refused:
    """What an answer other than 200 means; `error_code` is empty if MLflow did not write it."""
    reason = f"{error_code or status}: {reason}"[:MAX_REASON_LENGTH]
    if error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
        return RunGone(reason)
    if status in REFUSING_STATUSES:
        is_doubtful = error_code != ErrorCode.Name(INVALID_PARAMETER_VALUE)
        return Refused(reason, is_doubtful=is_doubtful)
    if error_code == ErrorCode.Name(INTERNAL_ERROR):
        return Refused(reason, is_doubtful=True)
    return Unavailable(reason)


def store_failure(error: Exception) -> Unavailable | Refused:
    """What an exception means that a store in this process raised."""
    if not isinstance(error, MlflowException):
        return Unavailable(f"{type(error).__name__}: {error}")
    # The file store wraps its refusals into internal errors.
    cause = error.__context__ if isinstance(error.__context__, MlflowException) else error
    status = ERROR_CODE_TO_HTTP_STATUS.get(cause.error_code, 500)
    return failure(status, cause.error_code, str(cause))
