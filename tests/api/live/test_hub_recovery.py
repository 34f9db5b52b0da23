"""Sockets that resume, and what they get after gaps, new epochs and failures of the stream."""

import asyncio

import pytest

from api.bus.protocol import StreamPosition
from api.live import hub as hub_module
from api.live.hub import TRY_AGAIN_LATER
from tests.api.live.scripted_stream import FIRST_EPOCH, RUN_ID, HubUnderTest, joined, loss
from tests.turns import turns, until

pytestmark = pytest.mark.anyio


def at(offset: int, epoch: str = FIRST_EPOCH) -> StreamPosition:
    return StreamPosition(epoch, offset)


async def test_a_socket_that_resumes_gets_exactly_what_it_missed(live: HubUnderTest) -> None:
    await joined(live)
    await live.deliver(loss(1), loss(2), loss(3))

    client = live.client()
    first = await client.join(RUN_ID, since=at(2))
    await live.deliver(loss(4))
    await turns()

    assert (first["recovered"], first["history"], first["offset"]) == (True, [], 2)
    assert client.steps == [2, 3, 4]


@pytest.mark.parametrize(
    "since", [at(2, "another"), at(99)], ids=["another epoch", "after the end"]
)
async def test_an_unknown_position_gets_a_new_snapshot(
    live: HubUnderTest, since: StreamPosition
) -> None:
    await joined(live)
    await live.deliver(loss(1))

    first = await live.client().join(RUN_ID, since=since)

    assert (first["recovered"], first["offset"]) == (False, 2)
    assert len(first["history"]) == 1


async def test_a_position_that_is_no_longer_retained_gets_a_new_snapshot() -> None:
    live = HubUnderTest(retention=2)
    async with live.hub.running():
        await joined(live)
        await live.deliver(*map(loss, range(1, 6)))

        assert (await live.client().join(RUN_ID, since=at(4)))["recovered"] is False
        assert (await live.client().join(RUN_ID, since=at(6)))["recovered"] is True


async def test_a_position_that_another_process_has_reached_first_is_waited_for(
    live: HubUnderTest,
) -> None:
    await joined(live)
    live.bus.unread = [loss(1)]
    client = live.client()

    joining = asyncio.create_task(client.join(RUN_ID, since=at(2)))
    await turns()
    assert not joining.done()
    live.bus.unread = []
    live.bus.deliver(loss(1))

    assert (await joining)["recovered"] is True
    assert client.steps == []


async def test_a_gap_in_the_stream_gives_every_socket_a_new_snapshot(live: HubUnderTest) -> None:
    clients = [await joined(live), await joined(live, None)]
    live.store.states[RUN_ID].add_points(loss(7).points)

    live.bus.deliver(loss(8), has_gap=True)
    await until(
        lambda: all(len(client.of_type("initial_state")) == 2 for client in clients),
        "the new snapshots",
    )

    assert [client.of_type("initial_state")[1]["recovered"] for client in clients] == [False] * 2
    assert live.hub.num_subscribers == 2


async def test_a_failed_bus_gives_every_socket_a_new_snapshot(
    live: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "RETRY_PAUSE_S", 0)
    client = await joined(live)

    live.bus.fail()
    live.bus.begin("second")
    await until(lambda: len(client.of_type("initial_state")) == 2, "the new snapshot")

    assert client.messages[-1]["epoch"] == "second"


async def test_an_epoch_may_end_while_the_snapshot_of_the_one_before_is_read(
    live: HubUnderTest,
) -> None:
    client = await joined(live)
    live.store.may_respond.clear()
    live.bus.begin("second")
    await until(lambda: live.store.num_requests == 2, "the request of the second epoch")
    live.bus.begin("third")
    await live.bus.applied()
    live.store.may_respond.set()
    await until(lambda: client.subscriber.is_live, "the new snapshot")

    assert client.messages[-1]["epoch"] == "third"
    assert live.hub.num_subscribers == 1


async def test_a_socket_without_a_new_snapshot_is_closed(live: HubUnderTest) -> None:
    client = await joined(live)
    live.store.error = OSError("the store is gone")

    live.bus.begin("second")
    await until(lambda: client.socket.closed, "the close")

    assert client.socket.closed is not None
    assert client.socket.closed[0] == TRY_AGAIN_LATER
    assert live.hub.num_subscribers == 0
