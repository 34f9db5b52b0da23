"""Shows a run as lines, for pipes, log files and terminals that cannot draw a screen."""

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import TextIO

from api.alerts.schemas import CriticalAlert
from api.alerts.state_machine import AlertState
from api.cli.run_text import progress_text
from api.cli.watched_run import WatchedRun
from api.client.live import Link
from api.live.messages import CriticalAlertMessage, LogMessage, MetricsUpdate, ServerMessage
from api.runs.schemas import MetricPoint, TrainingStatus
from tracking_plugin.printable import printable

MAX_LINE_LENGTH = 2000
"""In characters; longer lines of a job's log are cut."""


class LineViewer:
    """Writes a line for each logged step and each change of a status or an alert, without delay."""

    draws_curves = False

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, *, shows_logs: bool = False
    ) -> None:
        self._shows_logs = shows_logs
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._shown: tuple[str, str, str | None] | None = None
        self._was_lost = False

    def on_message(self, run: WatchedRun, message: ServerMessage) -> None:
        if isinstance(message, MetricsUpdate):
            for line in _metric_lines(message):
                self._write(message.timestamp, line)
        elif isinstance(message, LogMessage) and self._shows_logs:
            for printed in message.lines:
                self._write(
                    message.timestamp, f"[log] {printable(printed.message, MAX_LINE_LENGTH)}"
                )
        elif isinstance(message, CriticalAlertMessage):
            self._write(message.timestamp, _alert_line(message.alert))
        status = run.status
        shown = (status.status, status.message, status.alert)
        if shown != self._shown:
            self._shown = shown
            self._write(message.timestamp, _status_line(status))

    def on_link(self, link: Link) -> None:
        if not link.is_live and not self._was_lost:
            print(f"fovea: not live, reconnecting: {printable(link.reason)}", file=self._err)
        elif link.is_live and self._was_lost:
            print("fovea: live again", file=self._err)
        self._was_lost = not link.is_live

    def on_tick(self, run: WatchedRun, now: datetime) -> None:
        """Prints nothing: each line has the time of its message."""

    def _write(self, time: datetime, line: str) -> None:
        print(f"{time:%Y-%m-%dT%H:%M:%SZ} {line}", file=self._out, flush=True)


def _metric_lines(update: MetricsUpdate) -> Iterable[str]:
    by_step: dict[int, list[MetricPoint]] = {}
    for point in update.points:
        by_step.setdefault(point.step, []).append(point)
    for step, points in sorted(by_step.items()):
        # The update's epoch is that of its last step; earlier steps may belong to another epoch.
        epoch = f" epoch={update.epoch}" if step == update.step and update.epoch is not None else ""
        values = " ".join(f"{_name(point.metric)}={_value(point)}" for point in points)
        yield f"metrics step={step}{epoch} {values}"


def _status_line(status: TrainingStatus) -> str:
    parts = [f"status {status.status}"]
    if progress := progress_text(status):
        parts.append(f"({progress})")
    if status.alert:
        parts.append(f"alert={_name(status.alert)}")
    if status.message:
        parts.append(printable(status.message))
    return " ".join(parts)


def _alert_line(alert: CriticalAlert) -> str:
    level = alert.level if alert.state is AlertState.FIRING else alert.state
    return f"alert {_name(alert.condition)} {level} {printable(alert.message)}"


def _name(name: str) -> str:
    shown = printable(name)
    return json.dumps(shown, ensure_ascii=False) if set(shown) & set(' "=') else shown


def _value(point: MetricPoint) -> str:
    return f"{point.value:.6g}" if point.value is not None else str(point.not_finite or "NaN")
