"""Classifies the failures of requests to MLflow: unavailable, run deleted, or refused."""

from collections.abc import Mapping

import requests
from mlflow.entities import LifecycleStage
from mlflow.exceptions import ERROR_CODE_TO_HTTP_STATUS, MlflowException, RestException
from mlflow.protos.databricks_pb2 import (
    BAD_REQUEST,
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)

from tracking_plugin.full_disk import is_of_full_disk

REFUSING_STATUSES = frozenset({400, 409, 413, 422})
MAX_REASON_LENGTH = 500
_TEMPORARY_STATUSES = frozenset({408, 425, 429})
_ACCESS_DENIED = frozenset({401, 403, 407})
_LOST_CONNECTIONS = frozenset(
    {"ConnectionError", "TimeoutError", "Timeout", "ChunkedEncodingError", "RetryError"}
)


class Unavailable(Exception):  # noqa: N818
    """The request did not reach MLflow or failed there; the same request may succeed later."""


class Blocked(Unavailable):
    """The server refuses every request, for example for its credentials; only a person can mend it.

    The records are kept: nothing is wrong with them. `may_pass` if a proxy answers in place of a
    server that restarts, as with a page or with 404.
    """

    def __init__(self, reason: str, *, may_pass: bool = False) -> None:
        super().__init__(reason)
        self.may_pass = may_pass


class RunGone(Blocked):
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
    if is_temporary_status(status):
        return Unavailable(reason)
    return Blocked(reason, may_pass=not error_code and status not in _ACCESS_DENIED)


def store_failure(error: Exception) -> Unavailable | Refused:
    """Classify an exception raised by a store that runs in this process."""
    if not isinstance(error, MlflowException):
        reason = f"{type(error).__name__}: {error}"
        status = _status_of(error)
        is_blocked = status is not None and not is_temporary_status(status)
        return Blocked(reason) if is_blocked else Unavailable(reason)
    if cause_of(error) is not error:
        return Unavailable(str(error)) if is_temporary(error) else Blocked(str(error))
    # The file store wraps its refusals in internal errors.
    cause = error.__context__ if isinstance(error.__context__, MlflowException) else error
    status = ERROR_CODE_TO_HTTP_STATUS.get(cause.error_code, 500)
    return failure(status, cause.error_code, str(cause))


def is_temporary_status(status: int) -> bool:
    """Whether a response of this HTTP status says that the same request may succeed later."""
    return status in _TEMPORARY_STATUSES or 500 <= status <= 599


def is_temporary(error: BaseException) -> bool:
    """Whether the request that raised `error` may succeed later.

    That is so after a connection error, a timeout, and a response of 408, 425, 429 or 5xx. All else
    is a refusal, or a mistake in the settings, and stays what it is.
    """
    cause = cause_of(error)
    if is_certificate_refused(cause) or isinstance(cause, requests.exceptions.InvalidProxyURL):
        return False
    if (status := _status_of(cause)) is not None:
        return is_temporary_status(status) and not _is_raised_by_client(cause)
    # The client library of each kind of store has errors of its own, but of these names.
    return any(base.__name__ in _LOST_CONNECTIONS for base in type(cause).__mro__)


def is_certificate_refused(error: BaseException) -> bool:
    """Whether one side does not trust the other; any other fault of TLS may be a server that restarts."""
    is_tls = isinstance(error, requests.exceptions.SSLError)
    return is_tls and "certificate" in str(error).lower()


def is_ambiguous(error: BaseException) -> bool:
    """Whether MLflow's error may be due to the request or to an overloaded database: see Refused."""
    cause = cause_of(error)
    is_bad = isinstance(cause, MlflowException) and cause.error_code == ErrorCode.Name(BAD_REQUEST)
    return is_bad or _is_raised_by_client(cause)


def is_refusal(error: Exception) -> bool:
    """Whether a store refuses what is sent to it; any error without a status may be an outage."""
    problem = store_failure(error)
    if isinstance(problem, Refused):
        return not (problem.is_ambiguous or is_temporary(error))
    return isinstance(problem, Blocked)


def is_of_request(error: BaseException) -> bool:
    """Whether a request or a store has failed, rather than the program itself."""
    cause = cause_of(error)
    return isinstance(cause, OSError) or _status_of(cause) is not None or is_temporary(cause)


def is_of_own_disk(error: BaseException) -> bool:
    """Whether a disk of this machine has no room, rather than one of a server."""
    is_local = isinstance(error, OSError) and not isinstance(error, requests.RequestException)
    return is_local and is_of_full_disk(error)


def _is_raised_by_client(error: BaseException) -> bool:
    """Whether MLflow's client has raised an error that no response of a server stands for."""
    return (
        isinstance(error, MlflowException)
        and not isinstance(error, RestException)
        and error.error_code == ErrorCode.Name(INTERNAL_ERROR)
        and "API request" not in str(error)
    )


def cause_of(error: BaseException) -> BaseException:
    """The error of the HTTP library that MLflow's client has wrapped, if it has, else `error`."""
    inner = error.__cause__ or error.__context__
    is_wrapped = isinstance(error, MlflowException) and isinstance(inner, requests.RequestException)
    return inner if is_wrapped and inner is not None else error


def _status_of(error: BaseException) -> int | None:
    """The HTTP status that an error of MLflow or of a client library of a store stands for."""
    if isinstance(error, MlflowException):
        return int(error.get_http_status_code())
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        # The errors of botocore, for S3.
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        # Those of requests, of Azure and of Google.
        status = getattr(response, "status_code", None) or getattr(error, "status_code", None)
        status = status or getattr(error, "code", None)
    return int(status) if isinstance(status, int) and 100 <= status <= 599 else None
