"""Who waits for records gets them, and nobody waits for more than that."""

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


@pytest.mark.parametrize("end", [Pace.expedite, Pace.hurry, Pace.stop])
def test_gathering_ends_when_somebody_waits(pace: Pace, end: Callable[[Pace], None]) -> None:
    with ThreadPoolExecutor() as threads:
        has_begun = threading.Event()

        def gather() -> None:
            has_begun.set()
            pace.gather(FOREVER_S)

        gathering = threads.submit(gather)
        assert has_begun.wait(DEADLINE_S)
        end(pace)
        gathering.result(DEADLINE_S)


def test_what_is_awaited_is_awaited_once(pace: Pace) -> None:
    pace.expedite()
    pace.gather(FOREVER_S)
    with ThreadPoolExecutor() as threads:
        gathering = threads.submit(pace.gather, FOREVER_S)
        with pytest.raises(TimeoutError):
            gathering.result(0.2)
        pace.stop()
        gathering.result(DEADLINE_S)
