"""A live view of a run, and events and messages of it."""

import json
from typing import Any

from api.live.run_view import RunView
from api.runs.state import RunState
from tracking_plugin.events import LoggedPoint, MetricsLogged, RunEvent

NOW_MS = 1_750_000_000_000
AT: dict[str, Any] = {"run_id": "a", "accepted_ms": NOW_MS}


def view(**fields: Any) -> RunView:
    return RunView(RunState(run_id="a", mlflow_status="RUNNING", **fields), is_whole=True)


def logged(*points: LoggedPoint) -> MetricsLogged:
    return MetricsLogged(**AT, points=list(points))


def point(name: str = "val/loss", value: float = 0.5, step: int = 1, ms: int = 0) -> LoggedPoint:
    return LoggedPoint(name, value, step, NOW_MS + ms)


def message_of(run: RunView, event: RunEvent, offset: int = 2) -> dict[str, Any]:
    """The message as JSON."""
    message = run.apply(event, offset)
    assert message is not None
    document: dict[str, Any] = json.loads(message.model_dump_json())
    return document
