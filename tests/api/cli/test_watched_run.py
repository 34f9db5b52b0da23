"""The state of a watched run after its messages: progress, pace, missed updates."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from api.cli.watched_run import WatchedRun
from api.client.live import Link
from api.live.messages import ServerMessage
from tests.api.client.fake_stream import (
    initial_state,
    initial_state_page,
    metrics_update,
    status_update,
)

NOW = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)
messages: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


class Watcher:
    """A run that receives one message each second."""

    def __init__(self) -> None:
        self.run = WatchedRun(link=Link(is_live=True, since=NOW))
        self.now = NOW

    def receive(self, message: dict[str, Any], **changes: Any) -> WatchedRun:
        self.now += timedelta(seconds=1)
        stamped = message | {"timestamp": self.now.isoformat()} | changes
        self.run.apply(messages.validate_python(stamped), self.now)
        return self.run


@pytest.fixture
def watcher() -> Watcher:
    watcher = Watcher()
    state = initial_state("e1", 10)
    state["status"] |= {"step": 100, "epoch": 1, "elapsed_time": 50}
    watcher.receive(state)
    return watcher


def test_progress_counts_steps(watcher: Watcher) -> None:
    assert watcher.run.share_done == 0.25

    watcher.receive(metrics_update(11, 0.5), step=200, epoch=2)

    assert watcher.run.share_done == 0.5
    assert watcher.run.status.epoch == 2


def test_a_run_without_an_end_has_no_progress() -> None:
    watcher = Watcher()
    state = initial_state("e1", 1)
    state["status"] = {"status": "training", "step": 5}

    assert watcher.receive(state).share_done is None
    assert watcher.run.eta_s() is None


def test_the_remaining_time_follows_the_pace_of_the_newest_steps(watcher: Watcher) -> None:
    for step in (100, 102, 104):
        watcher.receive(metrics_update(0, 0.5), step=step, offset=step)

    # Two steps a second, and 296 are left of 400.
    assert watcher.run.eta_s() == 148


def test_the_pace_does_not_mix_the_clocks_of_the_run_and_of_the_server(watcher: Watcher) -> None:
    an_hour_ahead = NOW + timedelta(hours=1)
    state = initial_state("e1", 10)
    state["status"] |= {"step": 100, "epoch": 1}
    state["history"] = [
        {"step": step, "metrics": {}, "timestamp": (an_hour_ahead).isoformat()}
        for step in (99, 100)
    ]
    watcher.receive(state)
    watcher.receive(metrics_update(11, 0.5), step=102)
    watcher.receive(metrics_update(12, 0.5), step=104)
    assert watcher.run.eta_s() == 148


def test_a_pause_does_not_count_as_pace(watcher: Watcher) -> None:
    watcher.receive(metrics_update(11, 0.5), step=101)
    watcher.receive(metrics_update(12, 0.5), step=102)
    watcher.receive(status_update(13, "paused"))
    assert watcher.run.eta_s() is None
    watcher.now += timedelta(hours=1)

    watcher.receive(status_update(14, "training"))
    watcher.receive(metrics_update(15, 0.5), step=103)
    watcher.receive(metrics_update(16, 0.5), step=104)

    assert watcher.run.eta_s() == 296


def test_the_elapsed_time_stops_while_the_link_is_lost(watcher: Watcher) -> None:
    later = watcher.now + timedelta(seconds=30)
    assert watcher.run.elapsed_s(later) == 80

    watcher.run.link = Link(is_live=False, since=watcher.now)
    assert watcher.run.elapsed_s(later) == 50


def test_pages_and_updates_add_to_the_metrics(watcher: Watcher) -> None:
    watcher.receive(initial_state("e1", 10), metrics={"other": {"a": 1, "b": None}})
    watcher.receive(initial_state_page(10, 2, {"other": {"c": 3}, "not_finite": {"b": "NaN"}}))
    watcher.receive(metrics_update(11, 0.5, "b"), metrics={"other": {"b": 2}})

    assert watcher.run.metrics.other == {"a": 1, "b": 2, "c": 3}
    assert watcher.run.metrics.not_finite == {}


def test_missed_updates_are_a_gap(watcher: Watcher) -> None:
    watcher.receive(metrics_update(11, 0.5), previous=9)
    watcher.receive(metrics_update(12, 0.5), previous=11)
    assert not watcher.run.has_gap

    watcher.receive(metrics_update(40, 0.5), previous=39)
    assert watcher.run.has_gap


def test_a_new_state_replaces_the_curves(watcher: Watcher) -> None:
    watcher.receive(metrics_update(11, 0.5))
    assert watcher.run.curves.charts()

    watcher.receive(initial_state("e2", 1))

    assert watcher.run.curves.charts() == []


@pytest.mark.parametrize(
    ("word", "has_ended"),
    [("completed", True), ("stopped", True), ("error", True), ("paused", False), ("idle", False)],
)
def test_a_run_ends_with_its_status(watcher: Watcher, word: str, has_ended: bool) -> None:
    assert watcher.receive(status_update(11, word)).has_ended is has_ended


def test_a_deleted_run_has_ended(watcher: Watcher) -> None:
    deleted = status_update(11, "training")
    deleted["status"]["deleted"] = True

    assert watcher.receive(deleted).has_ended
