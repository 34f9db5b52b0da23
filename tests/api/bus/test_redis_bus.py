"""The shared bus on a healthy Valkey server: order, retention, and killed publishers."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.bus import redis_bus, redis_publisher, redis_stream
from api.bus.protocol import StreamPosition
from api.bus.redis_bus import RedisBus
from api.bus.redis_publisher import RedisPublisher
from api.bus.redis_scripts import META, PUBLISHERS, RENEW, STREAM
from tests.api.bus.followers import following
from tests.api.bus.numbered import event, publish
from tests.turns import other_tasks, until
from tests.valkey import Valkey
from tracking_plugin.events import decode_event, encode_event

pytestmark = pytest.mark.anyio

RETENTION = 10_000


async def test_everything_arrives_once_and_in_order(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        publish(bus, *range(2000))
        await follower.until(1999)
        assert follower.numbers == list(range(2000))
        offsets = [offset for _, offset, _ in follower.entries]
        assert offsets == list(range(offsets[0], offsets[0] + 2000))
        assert len(follower.epochs) == 1
        assert not follower.has_gap
        assert await bus.end() == StreamPosition(follower.epochs[0], offsets[-1])
    assert other_tasks() == set()


async def test_large_events_displace_the_oldest(
    server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_publisher, "RETAINED_BYTES", 100_000)
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        for number in range(100):
            bus.publish(event(number, padding="x" * 10_000))
            await follower.until(number)
    with server.client() as client:
        kept = [fields[b"event"] for _, fields in client.xrange(STREAM)]
    assert 5 < len(kept) <= 11
    assert sum(map(len, kept[1:])) <= 100_000
    assert decode_event(kept[-1]) == event(99, padding="x" * 10_000)


async def test_one_event_larger_than_the_limit_is_kept(
    server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_publisher, "RETAINED_BYTES", 10)
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        for number in range(5):
            publish(bus, number)
            await follower.until(number)
        assert follower.numbers == list(range(5))


async def test_options_in_the_url_do_not_override_those_of_the_bus(server: Valkey) -> None:
    url = f"{server.url}?decode_responses=true&socket_timeout=0.001"
    bus = RedisBus(url, RETENTION)
    async with bus.running(), following(bus) as follower:
        publish(bus, 1, 2)
        await follower.until(2)
        assert follower.numbers == [1, 2]


async def test_all_followers_see_one_order_of_all_publishers(server: Valkey) -> None:
    one, other = RedisBus(server.url, RETENTION), RedisBus(server.url, RETENTION)
    async with one.running(), other.running(), following(one) as first, following(other) as second:
        for number in range(500):
            one.publish(event(2 * number))
            other.publish(event(2 * number + 1))
            if number % 50 == 0:
                await first.until(2 * number)
        for follower in (first, second):
            await follower.until(998)
            await follower.until(999)
        assert first.entries == second.entries
        assert [number for number in first.numbers if number % 2 == 0] == list(range(0, 1000, 2))
        assert [number for number in first.numbers if number % 2] == list(range(1, 1000, 2))


async def test_a_late_follower_gets_the_retained_events_first(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as early:
        publish(bus, 1, 2, 3)
        await early.until(3)
        later_bus = RedisBus(server.url, RETENTION)
        async with later_bus.running(), following(later_bus) as late:
            await late.until(3)
            publish(bus, 4)
            await late.until(4)
            assert late.entries == early.entries
            assert [batch.is_retained for batch in late.batches] == [True, False]
            assert not late.has_gap


async def test_the_first_batch_of_an_empty_stream_arrives_at_once(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running():
        batches = bus.follow()
        first = await anext(batches)
    assert first.entries == []
    assert first.position == StreamPosition(first.position.epoch, 1)


async def test_events_published_before_the_bus_runs_are_not_lost(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    publish(bus, 1, 2)
    async with bus.running(), following(bus) as follower:
        publish(bus, 3)
        await follower.until(3)
        assert follower.numbers == [1, 2, 3]


async def test_a_process_ends_after_its_last_events_are_on_the_stream(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running():
        publish(bus, *range(100))
    with server.client() as client:
        # One entry begins the epoch.
        assert client.xlen(STREAM) == 101


async def test_old_events_are_dropped_and_a_slow_follower_gets_a_gap(server: Valkey) -> None:
    bus = RedisBus(server.url, 10)
    async with bus.running(), following(bus) as quick:
        batches = bus.follow()
        await anext(batches)
        publish(bus, *range(2000))
        await quick.until(1999)
        late = await anext(batches)
        assert late.has_gap
        assert late.entries[-1][1] == event(1999)
        assert len(late.entries) < 500
        publish(bus, 2000)
        assert not (await anext(batches)).has_gap


async def test_a_new_follower_of_a_trimmed_stream_gets_no_gap(server: Valkey) -> None:
    bus = RedisBus(server.url, 10)
    async with bus.running(), following(bus) as quick:
        publish(bus, *range(1000))
        await quick.until(999)
        async with following(bus) as late:
            await late.until(999)
            assert not late.has_gap
            assert late.numbers == list(range(late.numbers[0], 1000))
            assert late.numbers[0] > 0


async def test_events_of_a_newer_version_are_skipped(
    server: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    bus = RedisBus(server.url, RETENTION)
    newer = RedisBus(server.url, RETENTION)
    async with bus.running(), newer.running(), following(bus) as follower:
        publish(bus, 1)
        await follower.until(1)
        for encoded in (b"\xc1 patient 0815", b"\x81\xa4kind\xa4song"):
            newer._publisher.publish(encoded)
        newer.publish(event(2))
        await follower.until(2)
        assert follower.numbers == [1, 2]
        first, second = (offset for _, offset, _ in follower.entries)
        assert second == first + 3
        assert not follower.has_gap
    assert "0815" not in caplog.text


async def test_events_before_and_after_a_new_epoch_are_in_different_batches(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as quick:
        batches = bus.follow()
        before = (await anext(batches)).position.epoch
        publish(bus, 1, 2)
        await quick.until(2)
        with server.client() as client:
            client.eval(RENEW, 2, STREAM, META, "another")
        publish(bus, 3)
        await quick.until(3)
        late = [await anext(batches), await anext(batches)]
    assert [(b.position.epoch, [e.accepted_ms for _, e in b.entries]) for b in late] == [
        (before, [1, 2]),
        ("another", [3]),
    ]
    assert [batch.has_gap for batch in late] == [False, False]


async def test_a_deleted_stream_begins_a_new_epoch(
    server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_stream, "CHECK_INTERVAL_S", 0.1)
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        publish(bus, 1, 2, 3)
        await follower.until(3)
        with server.client() as client:
            client.flushall()
        await follower.until_epochs(2)
        publish(bus, 4)
        await follower.until(4)
        assert follower.numbers == [1, 2, 3, 4]
        assert follower.entries[-1][0] == follower.epochs[-1] != follower.epochs[0]


async def test_an_event_for_a_deleted_stream_arrives_or_begins_a_new_epoch(
    server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_stream, "CHECK_INTERVAL_S", 0.1)
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        publish(bus, 1)
        await follower.until(1)
        with server.client() as client:
            client.flushall()
        publish(bus, 2, 3)
        await follower.until_epochs(2)
        publish(bus, 4)
        await follower.until(4)
        last_epoch = [
            number for epoch, _, number in follower.entries if epoch == follower.epochs[-1]
        ]
        assert last_epoch == sorted(set(last_epoch))
        assert follower.epochs[-1] != follower.epochs[0]


PUBLISHER = """
import asyncio, sys
from api.bus import redis_bus
from tests.api.bus.numbered import event, publish

async def main():
    redis_bus.BEAT_INTERVAL_S = 0.1
    bus = redis_bus.RedisBus(sys.argv[1], 100)
    async with bus.running():
        bus.publish(event(1))
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""


@asynccontextmanager
async def publisher(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that has published event 1, and unregisters when it is told to end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PUBLISHER, url, stdin=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_killed_publisher_begins_a_new_epoch(
    server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "BEAT_INTERVAL_S", 0.1)
    monkeypatch.setattr(redis_bus, "SILENCE_S", 2)
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        async with publisher(server.url) as process:
            await follower.until(1)
            process.kill()
            await follower.until_epochs(2)
        with server.client() as client:
            assert client.zcard(PUBLISHERS) == 1
        publish(bus, 2)
        await follower.until(2)
        assert len(follower.epochs) == 2
        assert follower.numbers == [1, 2]


async def test_a_publisher_that_unregisters_begins_no_new_epoch(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        async with publisher(server.url) as process:
            await follower.until(1)
            with server.client() as client:
                await until(lambda: client.zcard(PUBLISHERS) == 2, "two publishers")
                await process.communicate(b"\n")
                assert client.zcard(PUBLISHERS) == 1
        publish(bus, 2)
        await follower.until(2)
        assert len(follower.epochs) == 1


async def test_the_same_number_of_the_same_publisher_counts_once(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    client = bus._client
    async with bus.running(), following(bus) as follower:
        for numbers in ((1, 2), (1, 2, 3)):
            # As a publisher that lost the replies to its first two events.
            publisher = RedisPublisher(client, "the same", RETENTION)
            for number in numbers:
                publisher.publish(encode_event(event(number)))
            async with publisher.running():
                pass
        await follower.until(3)
        assert follower.numbers == [1, 2, 3]
