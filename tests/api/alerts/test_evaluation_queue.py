"""The queue returns series in the order in which they are due, one per run at a time."""

import asyncio
from itertools import pairwise

import pytest

from api.alerts.evaluation_queue import EvaluationQueue
from api.alerts.live_series import LiveSeries
from tests.api.alerts.recording import rule_instance

pytestmark = pytest.mark.anyio

SOON_S = 0.05


def series_of_a_run() -> tuple[LiveSeries, LiveSeries]:
    instance = rule_instance()
    return LiveSeries(instance), LiveSeries(instance)


async def next_due(queue: EvaluationQueue) -> LiveSeries | None:
    """None if none is due."""
    try:
        async with asyncio.timeout(SOON_S):
            return await queue.get()
    except TimeoutError:
        return None


async def test_the_earliest_series_comes_first_and_each_once() -> None:
    queue = EvaluationQueue()
    (one, _), (other, _) = series_of_a_run(), series_of_a_run()
    queue.put(one, 0.0)
    queue.put(other, -1.0)
    queue.put(one, 60.0)
    assert [await next_due(queue), await next_due(queue), await next_due(queue)] == [
        other,
        one,
        None,
    ]


async def test_a_series_is_returned_when_it_is_due() -> None:
    queue = EvaluationQueue()
    one, _ = series_of_a_run()
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put(one, 2 * SOON_S)
    assert await next_due(queue) is None
    async with asyncio.timeout(10):
        assert await waiting is one


async def test_one_series_of_a_run_is_running_at_a_time() -> None:
    queue = EvaluationQueue()
    one, other = series_of_a_run()
    of_another_run, _ = series_of_a_run()
    queue.put(one, -1.0)
    queue.put(other, 0.0)
    assert await next_due(queue) is one
    assert await next_due(queue) is None
    queue.put(of_another_run, 0.0)
    assert await next_due(queue) is of_another_run
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.done(one)
    async with asyncio.timeout(10):
        assert await waiting is other


async def test_a_running_series_can_be_queued_again() -> None:
    queue = EvaluationQueue()
    one, _ = series_of_a_run()
    queue.put(one, 0.0)
    assert await next_due(queue) is one
    queue.put(one, 0.0)
    assert queue.is_running(one)
    assert queue.is_queued(one)
    assert await next_due(queue) is None
    queue.done(one)
    queue.done(one)
    assert await next_due(queue) is one


async def test_a_run_with_very_many_series_delays_no_other_run() -> None:
    queue = EvaluationQueue()
    instance = rule_instance()
    many = [LiveSeries(instance) for _ in range(20_000)]
    for series in many:
        queue.put(series, -1.0)
    of_another_run, _ = series_of_a_run()
    queue.put(of_another_run, 0.0)
    assert await next_due(queue) is many[0]
    assert await next_due(queue) is of_another_run
    for before, after in pairwise(many):
        queue.done(before)
        async with asyncio.timeout(10):
            assert await queue.get() is after
