"""Outages are waited for; what the server refuses ends at once, with the reason."""

from collections.abc import Callable, Iterator

import pytest
import requests
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST, INVALID_PARAMETER_VALUE

from training.errors import DataError, TrackingError
from training.recording.retry import NUM_AMBIGUOUS_REFUSALS, retry_until_accepted

TIMEOUT_S = 900.0


class Requests:
    """Raises the given errors in order, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.num_calls = 0
        self._errors: Iterator[Exception] = iter(errors)

    def __call__(self) -> str:
        self.num_calls += 1
        for error in self._errors:
            raise error
        return "done"


def retry(request: Callable[[], str]) -> str:
    return retry_until_accepted(request, "register", TIMEOUT_S, sleep=lambda _: None)


def test_a_request_is_repeated_until_the_server_is_back() -> None:
    request = Requests(requests.ConnectionError(), requests.Timeout(), ConnectionResetError())

    assert retry(request) == "done"
    assert request.num_calls == 4


@pytest.mark.parametrize(
    "error",
    [
        MlflowException("Invalid model name", error_code=INVALID_PARAMETER_VALUE),
        requests.exceptions.InvalidURL("Failed to parse: http://ada:topsecret@host:x"),
        PermissionError(13, "Permission denied"),
    ],
)
def test_a_refusal_is_not_repeated(error: Exception) -> None:
    request = Requests(error)

    with pytest.raises(TrackingError, match="did not accept the request to register: ") as refused:
        retry(request)
    assert request.num_calls == 1
    assert "topsecret" not in str(refused.value)


def test_a_full_disk_of_this_machine_is_no_refusal_of_the_server() -> None:
    request = Requests(OSError(28, "No space left on device"))

    with pytest.raises(OSError, match="No space left"):
        retry(request)
    assert request.num_calls == 1


def test_a_refusal_that_an_overloaded_database_may_cause_is_repeated_a_few_times() -> None:
    busy = MlflowException("QueuePool limit", error_code=BAD_REQUEST)

    assert retry(Requests(busy)) == "done"
    request = Requests(*[busy] * 99)
    with pytest.raises(TrackingError, match="QueuePool limit"):
        retry(request)
    assert request.num_calls == NUM_AMBIGUOUS_REFUSALS


@pytest.mark.parametrize("error", [TypeError("bug"), DataError("no data")])
def test_an_error_of_the_program_stays_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)):
        retry(Requests(error))
