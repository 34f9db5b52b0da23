"""The sender stops gathering records as soon as a caller waits for them."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from training.tracking.pacing import Pace, RetryPolicy

FOREVER_S = 300.0
DEADLINE_S = 30.0


@pytest.fixture
def pace() -> Pace:
    return Pace(RetryPolicy(), "Run")


@pytest.mark.parametrize("end", [Pace.expedite, Pace.set_urgent, Pace.stop])
def test_gathering_ends_when_a_caller_waits(pace: Pace, end: Callable[[Pace], None]) -> None:
    with ThreadPoolExecutor() as threads:
        has_started = threading.Event()

        def gather() -> None:
            has_started.set()
            pace.gather(FOREVER_S)

        gathering = threads.submit(gather)
        assert has_started.wait(DEADLINE_S)
        end(pace)
        gathering.result(DEADLINE_S)


def test_expedite_ends_only_one_gathering(pace: Pace) -> None:
    pace.expedite()
    pace.gather(FOREVER_S)
    with ThreadPoolExecutor() as threads:
        gathering = threads.submit(pace.gather, FOREVER_S)
        with pytest.raises(TimeoutError):
            gathering.result(0.2)
        pace.stop()
        gathering.result(DEADLINE_S)
