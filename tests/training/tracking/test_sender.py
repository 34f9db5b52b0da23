"""The end of a run waits for a server that is away, but not for one that refuses."""

from pathlib import Path

import pytest

from tests.training.tracking.memory_endpoint import MemoryEndpoint
from training.errors import TrackingError
from training.tracking.failures import Blocked, Unavailable, failure
from training.tracking.pacing import Pace, RetryPolicy
from training.tracking.records import artifact_line, metric_lines
from training.tracking.sender import Sender
from training.tracking.spool import DEFAULT_MAX_BYTES, Spool

FOREVER_S = 300.0
NO_DELAY = RetryPolicy(first_delay_s=0.0)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", "r", DEFAULT_MAX_BYTES, 0.0)


def flush(spool: Spool, endpoint: MemoryEndpoint, timeout_s: float) -> None:
    sender = Sender(spool, endpoint, NO_DELAY, "Run r")
    spool.append(metric_lines({"loss": 1.0}, 1, 0))
    try:
        sender.flush(timeout_s)
    finally:
        sender.stop(FOREVER_S)


@pytest.mark.parametrize(
    ("problem", "num_requests"),
    [
        (failure(401, "", "no such user"), NO_DELAY.num_blocked),
        (failure(403, "PERMISSION_DENIED", "no"), NO_DELAY.num_blocked),
        (failure(404, "", "<html>nginx"), NO_DELAY.num_blocked_by_proxy),
        (Blocked("a login page", may_pass=True), NO_DELAY.num_blocked_by_proxy),
    ],
)
def test_a_server_that_refuses_is_not_waited_for_and_nothing_is_lost(
    spool: Spool, problem: Unavailable, num_requests: int
) -> None:
    endpoint = MemoryEndpoint()
    endpoint.fault_of = lambda _: problem

    with pytest.raises(TrackingError, match=r"1 records have not reached the tracking server; the"):
        flush(spool, endpoint, FOREVER_S)
    assert endpoint.num_requests >= num_requests
    assert spool.num_rejected == 0


def test_a_server_that_is_away_is_waited_for(spool: Spool) -> None:
    endpoint = MemoryEndpoint()
    endpoint.fault_of = lambda _: failure(503, "", "starting")

    with pytest.raises(TrackingError, match=r"have not reached the tracking server within 0.2 s"):
        flush(spool, endpoint, 0.2)


def test_a_store_of_artifacts_that_refuses_is_not_waited_for(spool: Spool) -> None:
    endpoint = MemoryEndpoint()
    endpoint.upload_fault = failure(403, "", "AccessDenied")
    sender = Sender(spool, endpoint, NO_DELAY, "Run r")
    payload = spool.store_payload("a.txt", 1, lambda path: path.write_bytes(b"a"))
    spool.append([artifact_line("a.txt", payload)])

    with pytest.raises(TrackingError, match="AccessDenied"):
        sender.flush(FOREVER_S)
    sender.stop(FOREVER_S)


def test_a_few_refusals_in_a_row_are_certain() -> None:
    pace = Pace(NO_DELAY, "Run r")

    for number in range(1, 4):
        pace.report(failure(401, "", "no"))
        assert pace.is_blocked == (number >= NO_DELAY.num_blocked)
    pace.record_success()
    assert not pace.is_blocked
