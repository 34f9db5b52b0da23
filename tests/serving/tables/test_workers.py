"""Computations run in a bounded number of threads, and a caller waits no longer than its deadline."""

import asyncio
import threading

import pytest

from serving.errors import Reason, ServingError
from serving.server.deadline import Deadline
from serving.tables.workers import Workers
from tests.turns import until
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.anyio


async def test_work_whose_caller_has_gone_keeps_its_turn_until_it_ends() -> None:
    workers = Workers(1)
    released = threading.Event()
    try:
        with pytest.raises(ServingError) as late:
            await workers.run(lambda: released.wait(DEADLINE_S), Deadline.after(0.01))
        assert late.value.reason is Reason.DEADLINE_EXCEEDED
        waiting = asyncio.create_task(workers.run(lambda: 7, Deadline.after(DEADLINE_S)))
        await until(lambda: workers.num_waiting == 1, "the second waits")
        released.set()
        assert await waiting == 7
        assert workers.num_waiting == 0
    finally:
        released.set()
        workers.close()


async def test_a_failure_is_the_caller_s_and_frees_the_turn() -> None:
    workers = Workers(1)

    def fail() -> None:
        raise KeyError("cell")

    try:
        with pytest.raises(KeyError):
            await workers.run(fail, Deadline.after(DEADLINE_S))
        assert await workers.run(lambda: 7, Deadline.after(DEADLINE_S)) == 7
    finally:
        workers.close()
