"""Which failures of requests are repeated: lost connections, timeouts, 429 and 5xx alone."""

import pytest
import requests
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import (
    BAD_REQUEST,
    INVALID_PARAMETER_VALUE,
    PERMISSION_DENIED,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
)

from training.tracking.failures import (
    Blocked,
    Refused,
    RunGone,
    Unavailable,
    failure,
    is_ambiguous,
    is_of_request,
    is_refusal,
    is_temporary,
    store_failure,
)


def wrapped(inner: Exception) -> MlflowException:
    """The error that MLflow's client raises after `inner` of the HTTP library."""
    error = MlflowException(f"API request to http://host failed with {inner}")
    error.__context__ = inner
    return error


def of_status(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(response=response)


class ClientError(Exception):
    """As botocore raises it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"An error occurred ({status})")
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}


class EndpointConnectionError(type("ConnectionError", (Exception,), {})):  # type: ignore[misc]
    """As botocore names it: below an error of its own called ConnectionError."""


@pytest.mark.parametrize(
    "error",
    [
        *(requests.ConnectionError(), requests.ReadTimeout(), requests.exceptions.ProxyError()),
        *(ConnectionResetError(), TimeoutError(), wrapped(requests.ConnectionError("refused"))),
        *(of_status(429), of_status(500), of_status(503), of_status(408), ClientError(503)),
        wrapped(requests.exceptions.SSLError("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred")),
        *(wrapped(requests.exceptions.RetryError("too many 503")), EndpointConnectionError()),
        MlflowException("busy", error_code=TEMPORARILY_UNAVAILABLE),
        RestException({"error_code": "INTERNAL_ERROR", "message": "it fails"}),
        MlflowException("API request to endpoint /x failed with error code 502 != 200"),
    ],
)
def test_an_outage_is_temporary(error: Exception) -> None:
    assert is_temporary(error)
    assert is_of_request(error)


@pytest.mark.parametrize(
    "error",
    [
        *(of_status(400), of_status(401), of_status(403), of_status(404), ClientError(403)),
        MlflowException("Invalid name", error_code=INVALID_PARAMETER_VALUE),
        MlflowException("gone", error_code=RESOURCE_DOES_NOT_EXIST),
        RestException({"error_code": "PERMISSION_DENIED", "message": "no"}),
        MlflowException("no", error_code=PERMISSION_DENIED),
        wrapped(requests.exceptions.SSLError("certificate verify failed")),
        wrapped(requests.exceptions.InvalidURL("bad")),
        wrapped(requests.exceptions.InvalidHeader("bad")),
        FileNotFoundError(),
    ],
)
def test_a_refusal_is_not_temporary(error: Exception) -> None:
    assert not is_temporary(error)
    assert is_of_request(error) or isinstance(error.__context__, requests.RequestException)


@pytest.mark.parametrize(
    "error",
    [MlflowException("any SQL error", error_code=BAD_REQUEST), MlflowException("in the client")],
)
def test_what_may_be_either_is_ambiguous_and_not_temporary(error: Exception) -> None:
    assert is_ambiguous(error)
    assert not is_temporary(error)


@pytest.mark.parametrize("error", [TypeError("bug"), KeyError("bug"), AssertionError()])
def test_an_error_of_the_program_is_none_of_a_request(error: Exception) -> None:
    assert not is_of_request(error)


@pytest.mark.parametrize(
    ("status", "error_code", "kind"),
    [
        *((401, "", Blocked), (403, "PERMISSION_DENIED", Blocked), (404, "", Blocked)),
        *((405, "", Blocked), (301, "", Blocked), (404, "RESOURCE_DOES_NOT_EXIST", RunGone)),
        *((429, "", Unavailable), (502, "", Unavailable), (400, "BAD_REQUEST", Refused)),
    ],
)
def test_records_are_kept_where_the_server_refuses_every_request(
    status: int, error_code: str, kind: type[Exception]
) -> None:
    assert type(failure(status, error_code, "why")) is kind


def test_a_store_that_denies_access_blocks() -> None:
    assert isinstance(store_failure(ClientError(403)), Blocked)
    assert type(store_failure(ClientError(503))) is Unavailable
    assert type(store_failure(OSError("disk"))) is Unavailable
    assert type(store_failure(wrapped(requests.ConnectionError("refused")))) is Unavailable


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        *((ClientError(403), True), (of_status(404), True), (of_status(503), False)),
        (wrapped(requests.exceptions.SSLError("certificate")), True),
        *((wrapped(requests.ConnectionError()), False), (OSError("stale"), False)),
        (MlflowException("bad path", error_code=INVALID_PARAMETER_VALUE), True),
        (RestException({"error_code": "INTERNAL_ERROR", "message": "it fails"}), False),
    ],
)
def test_a_store_refuses_only_with_a_status_that_says_so(error: Exception, expected: bool) -> None:
    assert is_refusal(error) is expected
