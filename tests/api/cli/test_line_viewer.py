"""A run as lines: one for each step and each change of status."""

import io
from typing import Any

import pytest
from pydantic import TypeAdapter

from api.cli.line_viewer import LineViewer
from api.cli.watched_run import WatchedRun
from api.client.live import Link
from api.live.messages import ServerMessage
from api.routes.examples.alerts import ALERT
from api.timestamps import utc
from tests.api.client.fake_stream import (
    TIMESTAMP,
    initial_state,
    log_lines,
    metrics_update,
    status_update,
)

messages: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


class Lines:
    def __init__(self, *, shows_logs: bool = False) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.viewer = LineViewer(self.out, self.err, shows_logs=shows_logs)
        self.run = WatchedRun()

    def receive(self, *received: dict[str, Any]) -> list[str]:
        """The lines that these messages print."""
        already = len(self.out.getvalue())
        for raw in received:
            message = messages.validate_python(raw)
            self.run.apply(message, utc(0))
            self.viewer.on_message(self.run, message)
        return self.out.getvalue()[already:].splitlines()


@pytest.fixture
def lines() -> Lines:
    lines = Lines()
    assert lines.receive(initial_state("e1", 0)) == [f"{TIMESTAMP} status training"]
    return lines


def point(metric: str, value: float | None, step: int, **more: object) -> dict[str, object]:
    return {"metric": metric, "value": value, "step": step, "timestamp": TIMESTAMP, **more}


def test_each_step_of_an_update_is_a_line(lines: Lines) -> None:
    update = metrics_update(3, None) | {
        "epoch": 2,
        "points": [
            point("train/loss", 0.1234567, 3),
            point("train/loss", 0.5, 2),
            point("val/loss", None, 3, not_finite="NaN"),
        ],
    }

    assert lines.receive(update) == [
        f"{TIMESTAMP} metrics step=2 train/loss=0.5",
        f"{TIMESTAMP} metrics step=3 epoch=2 train/loss=0.123457 val/loss=NaN",
    ]


def test_a_status_is_written_when_it_changes(lines: Lines) -> None:
    paused = status_update(1, "paused")
    paused["status"] |= {"step": 7, "epoch": 1, "message": "by ann", "alert": "warning"}

    assert lines.receive(status_update(1, "training")) == []
    assert lines.receive(paused, paused) == [
        f"{TIMESTAMP} status paused (epoch 1/4, step 7/400) alert=warning by ann"
    ]


@pytest.mark.parametrize("word", ["pausing", "paused", "resuming", "stopping"])
def test_a_commanded_status_is_a_line_with_its_reason(lines: Lines, word: str) -> None:
    update = status_update(1, word)
    update["status"] |= {"message": "requested by\x1b[2J ann"}

    assert lines.receive(update) == [f"{TIMESTAMP} status {word} requested by[2J ann"]


def test_the_jobs_output_is_shown_on_request(lines: Lines) -> None:
    printed = log_lines(1, "epoch 1", "\x1b[31mred", "x" * 3000)
    assert lines.receive(printed) == []

    with_logs = Lines(shows_logs=True)
    with_logs.receive(initial_state("e1", 0))

    assert with_logs.receive(printed) == [
        f"{TIMESTAMP} [log] epoch 1",
        f"{TIMESTAMP} [log] [31mred",
        f"{TIMESTAMP} [log] {'x' * 1999}…",
    ]


def test_names_that_would_break_a_line_are_quoted_or_cleaned(lines: Lines) -> None:
    update = metrics_update(1, None) | {
        "points": [point("my loss=\n\x1b[31m", 1.0, 1), point('say "hi"', 2.0, 1)]
    }

    assert lines.receive(update) == [
        f'{TIMESTAMP} metrics step=1 epoch=1 "my loss= [31m"=1 "say \\"hi\\""=2'
    ]


def test_a_lost_link_is_reported_once_on_standard_error(lines: Lines) -> None:
    lost = Link(is_live=False, reason="connection refused")
    for link in (Link(is_live=True), lost, lost, Link(is_live=True), Link(is_live=True)):
        lines.viewer.on_link(link)

    assert lines.err.getvalue().splitlines() == [
        "fovea: not live, reconnecting: connection refused",
        "fovea: live again",
    ]


def test_an_alert_is_a_line(lines: Lines) -> None:
    message = {"type": "critical_alert", "run_id": "r", "offset": 3, "timestamp": TIMESTAMP}
    assert lines.receive(message | {"alert": ALERT}) == [
        f"{TIMESTAMP} alert RAO critical {ALERT['message']}"
    ]
    resolved = ALERT | {"state": "resolved", "message": "fine again"}
    assert lines.receive(message | {"alert": resolved}) == [
        f"{TIMESTAMP} alert RAO resolved fine again"
    ]
