"""A background job is repeated, retried after errors, and done by one of several processes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from api.errors import UnavailableError
from api.storage.database import Database
from api.storage.lease import Lease
from api.storage.leased_worker import LeasedWorker

pytestmark = pytest.mark.anyio

DEADLINE_S = 30.0
LONG_S = 1000.0
"""An interval that no test lives to see the end of."""
SHORT_S = 0.01


class Job:
    """Counts its calls, which can be awaited; `errors` are raised by the first calls."""

    def __init__(self, *errors: Exception) -> None:
        self.num_calls = 0
        self._errors = list(errors)
        self._called = asyncio.Condition()

    async def __call__(self) -> None:
        async with self._called:
            self.num_calls += 1
            self._called.notify_all()
        if self._errors:
            raise self._errors.pop(0)

    async def until_calls(self, number: int) -> None:
        async with asyncio.timeout(DEADLINE_S), self._called:
            await self._called.wait_for(lambda: self.num_calls >= number)


def worker(
    work: Callable[[], Awaitable[None]],
    *,
    interval_s: float = SHORT_S,
    lease: Lease | None = None,
    delay_s: float = 0.0,
    on_acquired: Callable[[], Awaitable[None]] | None = None,
    on_stopped: Callable[[], Awaitable[None]] | None = None,
) -> LeasedWorker:
    return LeasedWorker(
        *("Counting", work),
        interval_s=interval_s,
        lease=lease,
        delay_s=delay_s,
        on_acquired=on_acquired,
        on_stopped=on_stopped,
    )


async def test_the_work_is_repeated_while_inside() -> None:
    job = Job()
    async with worker(job).running():
        await job.until_calls(3)


async def test_a_wake_calls_at_once() -> None:
    job = Job()
    waking = worker(job, interval_s=LONG_S)
    async with waking.running():
        await job.until_calls(1)
        waking.wake()
        await job.until_calls(2)


async def test_a_wake_during_the_work_calls_once_more() -> None:
    job = Job()

    async def work() -> None:
        if job.num_calls == 0:
            waking.wake()
        await job()

    waking = worker(work, interval_s=LONG_S)
    async with waking.running():
        await job.until_calls(2)


async def test_the_first_call_comes_after_the_delay() -> None:
    job = Job()
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with worker(job, interval_s=LONG_S, delay_s=0.2).running():
        await job.until_calls(1)
    assert loop.time() - began_s >= 0.2


@pytest.mark.parametrize(
    ("error", "is_traced"),
    [
        (UnavailableError("the database does not answer"), False),
        (TimeoutError("too slow"), False),
        (KeyError("a bug"), True),
    ],
)
async def test_an_error_is_logged_and_the_work_is_tried_again(
    error: Exception, is_traced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    job = Job(error)
    with caplog.at_level(logging.WARNING):
        async with worker(job).running():
            await job.until_calls(2)
    (record,) = caplog.records
    assert record.getMessage().startswith("Counting failed")
    assert "the next attempt is in 0.01 s" in record.getMessage()
    assert type(error).__name__ in caplog.text
    assert str(error) in caplog.text
    assert (record.exc_info is not None) is is_traced


async def test_of_two_workers_the_holder_of_the_lease_works_until_it_ends(
    database: Database,
) -> None:
    first_job, second_job = Job(), Job()
    first = worker(first_job, lease=Lease(database, "counting"))
    second = worker(second_job, lease=Lease(database, "counting"))
    async with first.running():
        await first_job.until_calls(1)
        async with second.running():
            await first_job.until_calls(5)
            assert first.is_active
            assert not second.is_active
            assert second_job.num_calls == 0
    assert not first.is_active
    # A lease lasts 15 s: the second worker gets it within 5 s because the first one gave it up.
    async with asyncio.timeout(5), second.running():
        await second_job.until_calls(1)


async def test_each_term_begins_with_its_callback_and_a_failed_store_begins_another() -> None:
    calls: list[str] = []
    job = Job(UnavailableError("away"), KeyError("a bug"))

    async def acquired() -> None:
        calls.append("acquired")

    async def work() -> None:
        calls.append("work")
        await job()

    async with worker(work, on_acquired=acquired).running():
        await job.until_calls(3)
    assert calls[:5] == ["acquired", "work", "acquired", "work", "work"]


async def test_a_failed_beginning_of_a_term_is_tried_again_before_any_work() -> None:
    acquired, job = Job(UnavailableError("away"), KeyError("a bug")), Job()
    async with worker(job, on_acquired=acquired).running():
        await job.until_calls(1)
        assert acquired.num_calls == 3


async def test_the_last_callback_runs_after_the_work_and_while_the_lease_is_still_held(
    database: Database,
) -> None:
    job, other = Job(), Lease(database, "counting")
    is_free: list[bool] = []

    async def stopped() -> None:
        is_free.append(await other.held())

    async with worker(job, lease=Lease(database, "counting"), on_stopped=stopped).running():
        await job.until_calls(1)
    num_calls = job.num_calls
    assert is_free == [False]
    assert await other.held()
    assert job.num_calls == num_calls


async def test_the_lease_is_given_up_where_the_last_callback_fails(database: Database) -> None:
    job = Job()

    async def stopped() -> None:
        raise ValueError("could not close")

    counting = worker(job, lease=Lease(database, "counting"), on_stopped=stopped)
    with pytest.raises(ValueError, match="could not close"):
        async with counting.running():
            await job.until_calls(1)
    assert await Lease(database, "counting").held()
