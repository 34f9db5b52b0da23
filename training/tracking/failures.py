"""Classifies the failures of requests to MLflow: unavailable, run deleted, or refused."""

from mlflow.entities import LifecycleStage
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
    """The request did not reach MLflow or failed there; the same request may succeed later."""


class RunGone(Unavailable):
    """The run is deleted or does not exist; only a person can restore it."""


class Refused(Exception):  # noqa: N818
    """MLflow refused the content of the request.

    `is_ambiguous` if the cause may be the server instead: MLflow answers 400 BAD_REQUEST when its
    pool of database connections is exhausted, and 500 INTERNAL_ERROR to some invalid input.
    """

    def __init__(self, reason: str, *, is_ambiguous: bool) -> None:
        super().__init__(reason)
        self.is_ambiguous = is_ambiguous


def require_active(lifecycle_stage: str, run_id: str) -> None:
    """Raise RunGone unless the run is active."""
    if lifecycle_stage != LifecycleStage.ACTIVE:
        raise RunGone(f"the run {run_id} is {lifecycle_stage}; restore it to continue")


def failure(status: int, error_code: str, reason: str) -> Unavailable | Refused:
    """Classify a response other than 200; `error_code` is empty if it did not come from MLflow."""
    reason = f"{error_code or status}: {reason}"[:MAX_REASON_LENGTH]
    if error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
        return RunGone(reason)
    if status in REFUSING_STATUSES:
        is_ambiguous = error_code != ErrorCode.Name(INVALID_PARAMETER_VALUE)
        return Refused(reason, is_ambiguous=is_ambiguous)
    if error_code == ErrorCode.Name(INTERNAL_ERROR):
        return Refused(reason, is_ambiguous=True)
    return Unavailable(reason)


def store_failure(error: Exception) -> Unavailable | Refused:
    """Classify an exception raised by a store that runs in this process."""
    if not isinstance(error, MlflowException):
        return Unavailable(f"{type(error).__name__}: {error}")
    # The file store wraps its refusals in internal errors.
    cause = error.__context__ if isinstance(error.__context__, MlflowException) else error
    status = ERROR_CODE_TO_HTTP_STATUS.get(cause.error_code, 500)
    return failure(status, cause.error_code, str(cause))
