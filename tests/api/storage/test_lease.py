"""Of several processes one holds a lease, from the first moment on."""

import asyncio

import pytest

from api.storage import lease as module
from api.storage.database import Database
from api.storage.lease import DURATION_MS, Lease

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Its only value is the time in ms."""
    now = [1_800_000_000_000]
    monkeypatch.setattr(module, "unix_ms", lambda: now[0])
    return now


async def test_of_many_that_ask_at_once_one_holds_it(database: Database) -> None:
    leases = [Lease(database, "alerts") for _ in range(8)]
    assert sorted(await asyncio.gather(*(lease.held() for lease in leases))) == [False] * 7 + [True]
    assert sum([await lease.held() for lease in leases]) == 1


async def test_leases_of_other_names_are_others(database: Database) -> None:
    assert await Lease(database, "alerts").held()
    assert await Lease(database, "jobs").held()


async def test_another_takes_over_once_its_holder_is_silent(
    database: Database, clock: list[int]
) -> None:
    first, second = Lease(database, "alerts"), Lease(database, "alerts")
    assert await first.held()
    assert first.previous_expiry_ms is None
    clock[0] += DURATION_MS - 1
    assert not await second.held()
    clock[0] += 1
    assert await second.held()
    assert second.previous_expiry_ms == clock[0]
    assert not await first.held()


async def test_a_holder_that_asks_keeps_it(database: Database, clock: list[int]) -> None:
    first, second = Lease(database, "alerts"), Lease(database, "alerts")
    for _ in range(10):
        assert await first.held()
        assert not await second.held()
        clock[0] += DURATION_MS // 2 + 1


async def test_what_is_given_up_is_free_at_once(database: Database) -> None:
    first, second = Lease(database, "alerts"), Lease(database, "alerts")
    assert await first.held()
    await second.give_up()
    assert not await second.held()
    await first.give_up()
    assert await second.held()
