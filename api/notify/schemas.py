"""The notifications that a route returns."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.notify.records import Notification
from api.timestamps import utc


class ShownNotification(BaseModel):
    """A message about a run's alerts to one service."""

    id: str = Field(
        description="also the header Idempotency-Key of the message, the same at every attempt"
    )
    run_id: str
    service: str
    title: str
    body: str
    created_at: datetime
    attempts: int
    sent_at: datetime | None = Field(None, description="when the service accepted it")
    next_attempt_at: datetime | None = Field(None, description="null once it is sent or given up")
    error: str | None = Field(None, description="why the last attempt failed")


def notification_response(notification: Notification, service: str) -> ShownNotification:
    return ShownNotification(
        id=notification.id,
        run_id=notification.run_id,
        service=service,
        title=notification.title,
        body=notification.body,
        created_at=utc(notification.created_ms),
        attempts=notification.attempts,
        sent_at=None if notification.sent_ms is None else utc(notification.sent_ms),
        next_attempt_at=None if notification.due_ms is None else utc(notification.due_ms),
        error=notification.error or None,
    )
