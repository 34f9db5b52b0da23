"""The messages of the WebSocket of a project, and those that two looks at it make."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from api.jobs.log_lines import log_level
from api.projects.schemas import ProjectProgress
from api.projects.stages import ProjectStatus


class EventType(StrEnum):
    STAGE_CHANGE = "stage_change"
    PROGRESS_UPDATE = "progress_update"
    LOG = "log"
    ERROR = "error"
    COMPLETED = "completed"
    PONG = "pong"
    """The response to a ping of the client."""


class WebSocketEvent(BaseModel):
    """A message about a project; the fields of `data` depend on `event_type`."""

    event_type: EventType
    project_id: str
    timestamp: datetime
    data: Mapping[str, Any] = Field(
        description="stage_change and progress_update: the fields of the project's progress, with "
        "previous_stage; log: level, message; error: error, error_code; completed: the progress"
    )


def event(project_id: str, event_type: EventType, data: Mapping[str, Any]) -> WebSocketEvent:
    return WebSocketEvent(
        event_type=event_type, project_id=project_id, timestamp=datetime.now(UTC), data=data
    )


def changes(before: ProjectProgress | None, after: ProjectProgress) -> Iterator[WebSocketEvent]:
    """The events that lead from one look at the project to the next; all of it after none."""
    if before == after:
        return
    data = after.model_dump(mode="json")
    if before is None or _place(before) != _place(after):
        previous = None if before is None else before.current_stage
        stage = {"stage": after.current_stage, "previous_stage": previous, **data}
        yield event(after.project_id, EventType.STAGE_CHANGE, stage)
    yield event(after.project_id, EventType.PROGRESS_UPDATE, data)
    if after.status.is_end and (before is None or before.status is not after.status):
        yield _end(after, data)


def log_event(project_id: str, line: str) -> WebSocketEvent:
    return event(project_id, EventType.LOG, {"level": log_level(line), "message": line})


def error_event(project_id: str, message: str, code: str) -> WebSocketEvent:
    return event(project_id, EventType.ERROR, {"error": message, "error_code": code})


def _place(progress: ProjectProgress) -> tuple[object, ...]:
    return progress.status, progress.current_stage, progress.run_id


def _end(progress: ProjectProgress, data: Mapping[str, Any]) -> WebSocketEvent:
    if progress.status is ProjectStatus.COMPLETED:
        return event(progress.project_id, EventType.COMPLETED, data)
    # The protocol has no event for a pipeline that was cancelled: it is an end without a model.
    reason = {"error": progress.message, "error_code": progress.error_code or "CANCELLED"}
    return event(progress.project_id, EventType.ERROR, {**data, **reason})
