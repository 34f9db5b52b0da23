"""The hub sends each socket a snapshot and every later message once, between a scripted bus and store."""

import asyncio

import pytest

from api.errors import NotFoundError
from api.live import hub as hub_module
from api.live.subscriber import TOO_SLOW
from api.runs.state import RunState
from tests.api.live.scripted_stream import (
    FIRST_EPOCH,
    OTHER_RUN_ID,
    RUN_ID,
    HubUnderTest,
    joined,
    loss,
)
from tests.turns import other_tasks, turns, until
from tracking_plugin.events import AlertChanged, ArtifactLogged, ControlChanged

pytestmark = pytest.mark.anyio


async def test_the_first_message_is_a_snapshot_of_the_run(live: HubUnderTest) -> None:
    state = live.store.states[RUN_ID]
    state.run_name = "fold 2"
    state.add_points(loss(3).points)

    first = await live.client().join(RUN_ID)

    assert first["type"] == "initial_state"
    assert (first["epoch"], first["offset"], first["recovered"]) == (FIRST_EPOCH, 0, None)
    assert first["status"]["run_name"] == "fold 2"
    assert [snapshot["step"] for snapshot in first["history"]] == [3]


async def test_a_server_without_runs_sends_an_empty_snapshot(live: HubUnderTest) -> None:
    first = await live.client().join()

    assert (first["run_id"], first["status"]["status"], first["history"]) == (None, "idle", [])


async def test_a_socket_on_all_runs_gets_a_snapshot_of_the_default_run(live: HubUnderTest) -> None:
    live.store.default = RUN_ID

    assert (await live.client().join())["run_id"] == RUN_ID


async def test_a_default_run_that_is_gone_gives_an_empty_snapshot(live: HubUnderTest) -> None:
    live.store.default = OTHER_RUN_ID

    assert (await live.client().join())["run_id"] is None


async def test_events_after_the_snapshot_arrive_once_and_in_order(live: HubUnderTest) -> None:
    client = await joined(live)

    await live.deliver(loss(1), loss(2))
    await live.deliver(loss(3))

    assert client.steps == [1, 2, 3]
    assert live.hub.offset_of(client.subscriber) == 6


async def test_a_snapshot_contains_the_events_before_it(live: HubUnderTest) -> None:
    await joined(live)
    await live.deliver(loss(1), loss(2))

    late = live.client()
    first = await late.join(RUN_ID)
    await live.deliver(loss(3))

    assert first["offset"] == 4
    assert [snapshot["step"] for snapshot in first["history"]] == [1, 2]
    assert late.steps == [3]


async def test_a_socket_gets_the_messages_of_its_run_only(live: HubUnderTest) -> None:
    one, other, both = await joined(live), live.client(), await joined(live, None)
    live.store.states[OTHER_RUN_ID] = RunState(run_id=OTHER_RUN_ID)
    await other.join(OTHER_RUN_ID)

    await live.deliver(loss(1), loss(2, run_id=OTHER_RUN_ID))

    assert (one.steps, other.steps, both.steps) == ([1], [2], [1, 2])


async def test_metrics_updates_are_followed_by_at_most_one_status_a_second(
    live: HubUnderTest,
) -> None:
    client = await joined(live)

    await live.deliver(*(loss(step, accepted_ms=10_000 + 100 * step) for step in range(1, 15)))

    assert [message["offset"] for message in client.of_type("status_update")] == [3, 23]


async def test_a_change_of_control_sends_nothing_but_moves_the_stream(live: HubUnderTest) -> None:
    client = await joined(live)

    await live.deliver(ControlChanged(run_id=RUN_ID, accepted_ms=0))

    assert len(client.messages) == 1
    assert live.hub.offset_of(client.subscriber) == 2


async def test_an_event_that_cannot_be_applied_does_not_stop_the_stream(live: HubUnderTest) -> None:
    client = await joined(live)

    await live.deliver(AlertChanged(run_id=RUN_ID, accepted_ms=0, alert="no JSON"), loss(2))

    assert client.steps == [2]


async def test_an_unknown_run_leaves_the_subscription_as_it_was(live: HubUnderTest) -> None:
    client = await joined(live)

    with pytest.raises(NotFoundError):
        await live.hub.join(client.subscriber, "nothing")
    await live.deliver(loss(1))

    assert client.steps == [1]


async def test_a_socket_that_subscribes_to_another_run_gets_only_that_one(
    live: HubUnderTest,
) -> None:
    live.store.states[OTHER_RUN_ID] = RunState(run_id=OTHER_RUN_ID)
    client = await joined(live)

    assert (await client.join(OTHER_RUN_ID))["run_id"] == OTHER_RUN_ID
    await live.deliver(loss(1), loss(2, run_id=OTHER_RUN_ID))

    assert client.steps == [2]
    assert live.hub.num_subscribers == 1


async def test_a_slow_reader_gets_the_newest_update_and_delays_nobody(live: HubUnderTest) -> None:
    slow, quick = await joined(live), await joined(live)
    slow.socket.block()

    await live.deliver(*map(loss, range(1, 91)))
    assert quick.steps == list(range(1, 91))
    assert slow.steps == [1]
    slow.socket.unblock()
    await until(lambda: slow.subscriber.is_live, "the slow reader's last message")

    assert slow.steps[-1] == 90
    assert len(slow.steps) < 90


async def test_a_reader_that_missed_an_indispensable_message_is_closed() -> None:
    live = HubUnderTest(retention=5)
    async with live.hub.running():
        slow = await joined(live)
        slow.socket.block()
        artifacts = [
            ArtifactLogged(run_id=RUN_ID, accepted_ms=0, path=f"{n}.png") for n in range(10)
        ]
        await live.deliver(*artifacts)
        slow.socket.unblock()
        await until(lambda: slow.socket.closed, "the close")

    assert slow.socket.closed is not None
    assert slow.socket.closed[0] == TOO_SLOW


async def test_a_snapshot_waits_until_what_the_store_holds_is_on_the_bus(
    live: HubUnderTest,
) -> None:
    live.store.states[RUN_ID].add_points(loss(1).points)
    live.is_settled.clear()
    client = live.client()

    joining = asyncio.create_task(client.join(RUN_ID))
    await until(lambda: live.num_settles, "the settling")
    await turns()
    assert client.messages == []
    # The event of that value is on the bus, and the hub has not applied it.
    live.bus.unread = [loss(1)]
    live.is_settled.set()
    await turns()
    assert client.messages == []
    live.bus.unread = []
    await live.deliver(loss(1))
    first = await joining

    assert [snapshot["step"] for snapshot in first["history"]] == [1]
    assert client.steps == []


async def test_a_bus_that_does_not_settle_ends_the_join(
    live: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "APPLY_DEADLINE_S", 0.01)
    live.is_settled.clear()

    with pytest.raises(TimeoutError):
        await live.hub.join(live.client().subscriber, RUN_ID)

    assert live.hub.num_subscribers == 0


async def test_a_socket_that_has_left_gets_nothing_more(live: HubUnderTest) -> None:
    client = await joined(live)

    client.leave()
    await live.deliver(loss(1))

    assert client.steps == []
    assert live.hub.num_subscribers == 0


async def test_a_socket_that_leaves_while_it_joins_is_not_subscribed(live: HubUnderTest) -> None:
    live.store.may_respond.clear()
    client = live.client()
    joining = asyncio.create_task(live.hub.join(client.subscriber, RUN_ID))
    await until(lambda: live.store.num_requests == 1, "the request to the store")

    client.leave()
    live.store.may_respond.set()
    await joining

    assert client.messages == []
    assert live.hub.num_subscribers == 0


async def test_a_hub_that_ends_leaves_no_task(live: HubUnderTest) -> None:
    before = other_tasks()
    ended = HubUnderTest()
    async with ended.hub.running():
        client = await joined(ended)
        client.socket.block()
        await ended.deliver(loss(1), loss(2))
    await turns()

    assert not client.subscriber.is_live
    assert other_tasks() == before
