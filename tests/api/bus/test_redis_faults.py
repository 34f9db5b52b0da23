"""The shared bus while its server fails: a new epoch begins exactly if events are lost."""

import asyncio
import logging
from pathlib import Path

import pytest

from api.bus import redis_bus, redis_publisher, redis_stream
from api.bus.redis_bus import RedisBus
from api.bus.redis_scripts import STREAM
from tests.api.bus.followers import Follower, following
from tests.api.bus.numbered import event, publish
from tests.ports import LOOPBACK, free_port
from tests.turns import other_tasks, turns, until
from tests.valkey import Valkey, valkey

pytestmark = pytest.mark.anyio

RETENTION = 10_000
SECRET = "gehe1m"


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture(autouse=True)
def is_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the deadlines for tests."""
    for module in (redis_bus, redis_publisher, redis_stream):
        monkeypatch.setattr(module, "REPLY_DEADLINE_S", 0.5)
    for module in (redis_bus, redis_publisher):
        monkeypatch.setattr(module, "LONGEST_PAUSE_S", 0.2)
    monkeypatch.setattr(redis_stream, "CHECK_INTERVAL_S", 0.2)
    monkeypatch.setattr(redis_publisher, "FLUSH_DEADLINE_S", 0.5)


def of_last_epoch(follower: Follower) -> list[int]:
    return [number for epoch, _, number in follower.entries if epoch == follower.epochs[-1]]


async def test_a_cut_connection_neither_loses_nor_duplicates_events(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        for round_ in range(8):
            numbers = range(100 * round_, 100 * round_ + 100)
            publish(bus, *numbers[:50])
            if round_ % 2:
                await turns(round_)
            await asyncio.to_thread(server.cut_connections)
            publish(bus, *numbers[50:])
            if round_ % 4 == 3:
                await follower.until(numbers[-1])
        assert follower.numbers == list(range(800))
        assert len(follower.epochs) == 1
        assert not follower.has_gap
    assert other_tasks() == set()


async def test_a_cut_idle_connection_loses_no_events(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        publish(bus, 1)
        await follower.until(1)
        for number in range(2, 6):
            await asyncio.to_thread(server.cut_connections)
            await turns(50)
            publish(bus, number)
            await follower.until(number)
        assert follower.numbers == [1, 2, 3, 4, 5]
        assert len(follower.epochs) == 1


async def test_a_reset_idle_connection_neither_loses_nor_duplicates_events(
    server: Valkey,
) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        publish(bus, 1)
        await follower.until(1)
        for number in (2, 5, 8):
            bus._publisher._connection._writer.transport.abort()
            await turns(50)
            publish(bus, number, number + 1, number + 2)
            await follower.until(number + 2)
        assert follower.numbers == list(range(1, 11))
        assert len(follower.epochs) == 1


async def test_a_stalled_server_neither_loses_nor_duplicates_events(
    server: Valkey,
) -> None:
    bus, other = RedisBus(server.url, RETENTION), RedisBus(server.url, RETENTION)
    async with bus.running(), other.running(), following(other) as follower:
        publish(bus, *range(50))
        await follower.until(49)
        with server.frozen():
            # More than the system's buffers hold, so that writing has to wait.
            for number in range(50, 150):
                bus.publish(event(number, padding="x" * 100_000))
            with pytest.raises(TimeoutError):
                await bus.end()
            publish(bus, *range(150, 200))
        publish(bus, *range(200, 250))
        await follower.until(249)
        assert follower.numbers == list(range(250))
        assert len(follower.epochs) == 1
        assert not follower.has_gap


async def test_a_server_that_lost_its_data_begins_a_new_epoch(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        publish(bus, 1, 2)
        await follower.until(2)
        assert bus.is_connected
        await asyncio.to_thread(server.kill)
        publish(bus, 3, 4)
        await until(lambda: not bus.is_connected, "the end of the connection")
        await asyncio.to_thread(server.start)
        await follower.until(4)
        publish(bus, 5)
        await follower.until(5)
        assert follower.numbers == [1, 2, 3, 4, 5]
        assert len(follower.epochs) == 2
        assert of_last_epoch(follower) == [3, 4, 5]


async def test_a_restarted_server_with_its_data_begins_a_new_epoch_too(
    tmp_path: Path,
) -> None:
    with valkey(tmp_path, persists=True) as server:
        bus = RedisBus(server.url, RETENTION)
        async with bus.running(), following(bus) as follower:
            publish(bus, 1, 2)
            await follower.until(2)
            await asyncio.to_thread(server.restart)
            await follower.until_epochs(2)
            publish(bus, 3)
            await follower.until(3)
            assert follower.numbers == [1, 2, 3]
            assert of_last_epoch(follower) == [3]
            offsets = [offset for _, offset, _ in follower.entries]
            assert offsets == sorted(set(offsets))
            # A new follower gets no events of the previous epoch.
            late_bus = RedisBus(server.url, RETENTION)
            async with late_bus.running(), following(late_bus) as late:
                await late.until(3)
                assert late.numbers == [3]


async def test_two_processes_agree_on_the_epoch_after_a_restart(server: Valkey) -> None:
    one, other = RedisBus(server.url, RETENTION), RedisBus(server.url, RETENTION)
    async with one.running(), other.running(), following(one) as first, following(other) as second:
        publish(one, 1)
        publish(other, 2)
        for follower in (first, second):
            await follower.until(1)
            await follower.until(2)
        await asyncio.to_thread(server.restart)
        publish(one, 3)
        publish(other, 4)
        for follower in (first, second):
            await follower.until(3)
            await follower.until(4)
        assert first.entries == second.entries
        assert first.epochs == second.epochs
        assert len(first.epochs) == 2


async def test_events_dropped_during_an_outage_begin_a_new_epoch(
    server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_publisher, "MOST_WAITING", 10)
    bus, other = RedisBus(server.url, RETENTION), RedisBus(server.url, RETENTION)
    async with bus.running(), other.running(), following(other) as follower:
        publish(bus, 1)
        await follower.until(1)
        with server.frozen():
            # Without a connection no events can be in flight.
            await until(lambda: bus._publisher._connection is not None, "the connection")
            publish(bus, 2)
            await until(lambda: bus._publisher._connection is None, "the end of the connection")
            publish(bus, *range(3, 40))
        await follower.until(39)
        await follower.until_epochs(2)
        assert of_last_epoch(follower) == list(range(30, 40))
        publish(bus, 40)
        await follower.until(40)
        assert len(follower.epochs) == 2


async def test_events_dropped_while_connected_begin_a_new_epoch(
    server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_publisher, "MOST_WAITING_BYTES", 1_000_000)
    bus, other = RedisBus(server.url, RETENTION), RedisBus(server.url, RETENTION)
    async with bus.running(), other.running(), following(other) as follower:
        publish(bus, 1)
        await follower.until(1)
        # More than can be written at once, so that most never reach the connection.
        for number in range(2, 300):
            bus.publish(event(number, padding="x" * 100_000))
        await follower.until(299)
        await follower.until_epochs(2)
        publish(bus, 300)
        await follower.until(300)
        assert len(follower.numbers) < 300
        assert follower.numbers == sorted(set(follower.numbers))
        assert len(follower.epochs) == 2


async def test_events_dropped_while_an_epoch_begins_begin_another(
    server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_publisher, "MOST_WAITING", 2)
    ask = redis_publisher._request
    bus = RedisBus(server.url, RETENTION)
    to_drop = [range(10, 20)]

    async def ask_and_publish(connection: object, *command: str | int) -> str:
        answer = await ask(connection, *command)
        if command[0] == "EVAL" and to_drop:
            publish(bus, *to_drop.pop())
        return answer

    monkeypatch.setattr(redis_publisher, "_request", ask_and_publish)
    publish(bus, *range(10))
    async with bus.running(), following(bus) as follower:
        await follower.until(19)
        with server.client() as client:
            entries = client.xrange(STREAM)
        begun = [entry for _, entry in entries if entry[b"event"] == b""]
        # The stream's first epoch, and one for each time that events were dropped.
        assert len(begun) == 3
        assert of_last_epoch(follower) == [18, 19]


async def test_an_event_that_the_server_refuses_begins_a_new_epoch(server: Valkey) -> None:
    bus = RedisBus(server.url, RETENTION)
    async with bus.running(), following(bus) as follower:
        publish(bus, 1)
        await follower.until(1)
        with server.client() as client:
            client.script_flush()
        publish(bus, 2, 3)
        await follower.until(3)
        await follower.until_epochs(2)
        assert follower.numbers == [1, 2, 3]


async def use_in_vain(url: str) -> None:
    """Publish, follow and read the end on a failing server: only reading the end raises."""
    bus = RedisBus(url, RETENTION)
    async with bus.running():
        publish(bus, *range(100))
        following_ = asyncio.ensure_future(anext(bus.follow()))
        try:
            with pytest.raises(OSError) as refused:  # noqa: PT011 - what it says is tested below
                await bus.end()
            assert SECRET not in repr(refused.value)
            await asyncio.wait([following_], timeout=0.5)
            publish(bus, *range(100))
            assert not following_.done()
        finally:
            following_.cancel()
            await asyncio.gather(following_, return_exceptions=True)
    assert other_tasks() == set()


async def test_a_wrong_password_neither_raises_nor_appears_in_the_log(
    server: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with server.client() as client:
        client.config_set("requirepass", "another")
    await use_in_vain(f"redis://:{SECRET}@{LOOPBACK}:{server.port}")
    assert "accepts no events" in caplog.text
    assert "does not respond" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("host", [LOOPBACK, "no-such-host.invalid"])
async def test_an_unreachable_server_neither_raises_nor_logs_the_password(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await use_in_vain(f"redis://fovea:{SECRET}@{host}:{free_port()}")
    assert "accepts no events" in caplog.text
    assert "did not accept the last 200 events" in caplog.text
    assert SECRET not in caplog.text


async def test_a_server_of_another_kind_neither_raises_nor_logs_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    caplog.set_level(logging.DEBUG)
    other = await asyncio.start_server(answer, LOOPBACK, 0)
    port = other.sockets[0].getsockname()[1]
    try:
        await use_in_vain(f"redis://:{SECRET}@{LOOPBACK}:{port}")
    finally:
        other.close()
    assert "accepts no events" in caplog.text
    assert SECRET not in caplog.text


async def test_a_server_that_starts_later_gets_the_earlier_events(tmp_path: Path) -> None:
    port = free_port()
    bus = RedisBus(f"redis://{LOOPBACK}:{port}", RETENTION)
    async with bus.running():
        publish(bus, 1, 2, 3)
        await turns(100)
        with valkey(tmp_path, port):
            async with following(bus) as follower:
                await follower.until(3)
                assert follower.numbers == [1, 2, 3]
