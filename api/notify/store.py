"""Stores written notifications, with their delivery attempts and results."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, case, func, insert, select, update

from api.notify.message import Message
from api.notify.records import Group, Notification
from api.notify.targets import Target
from api.pages import Listed, Page
from api.storage.database import Database, page_of
from api.storage.tables import notifications

MAX_DUE = 1000
MAX_BLOCKING_ATTEMPTS = 10
"""After so many attempts, an unsent message no longer keeps the next one from being written."""

NUM_BLOCKING = func.count(
    case((notifications.c.attempts < MAX_BLOCKING_ATTEMPTS, notifications.c.due_ms))
).label("num_blocking")


class NotificationStore:
    """Blocking. Each method is one transaction."""

    def __init__(self, database: Database, targets: Sequence[Target]) -> None:
        self._database = database
        self._keys = [target.key for target in targets]

    def due(self, now_ms: int) -> dict[str, list[Notification]]:
        """The notifications to send now, oldest first, by the key of their service."""
        wanted = (
            select(notifications)
            .where(notifications.c.due_ms <= now_ms, notifications.c.target.in_(self._keys))
            .order_by(notifications.c.created_ms, notifications.c.id)
            .limit(MAX_DUE)
        )
        found: dict[str, list[Notification]] = {}
        with self._database.read() as connection:
            for row in connection.execute(wanted):
                found.setdefault(row.target, []).append(_notification(row))
        return found

    def mark_sent(self, notification: Notification, now_ms: int) -> None:
        attempts = notification.attempts + 1
        self._update(notification, attempts=attempts, due_ms=None, sent_ms=now_ms, error="")

    def mark_failed(self, notification: Notification, error: str, next_attempt_ms: int) -> None:
        attempts = notification.attempts + 1
        self._update(notification, attempts=attempts, due_ms=next_attempt_ms, error=error)

    def listed(self, workspace: str | None, run_id: str | None, page: Page) -> Listed[Notification]:
        """Newest first."""
        wanted = select(notifications).where(notifications.c.workspace == workspace)
        if run_id is not None:
            wanted = wanted.where(notifications.c.run_id == run_id)
        with self._database.read() as connection:
            ordered = wanted.order_by(notifications.c.created_ms.desc(), notifications.c.id)
            return page_of(connection, ordered, page, _notification)

    def _update(self, notification: Notification, **values: Any) -> None:
        # A former holder of the lease may finish late: what the next holder recorded must stay.
        is_unsent = notifications.c.due_ms.is_not(None)
        of_message = (notifications.c.id == notification.id) & is_unsent
        with self._database.begin() as connection:
            connection.execute(update(notifications).where(of_message).values(**values))


def insert_notification(connection: Connection, group: Group, message: Message, now_ms: int) -> str:
    """The id of the new notification, which is due at once."""
    notification_id = uuid.uuid4().hex
    connection.execute(
        insert(notifications).values(
            id=notification_id,
            **vars(group),
            **vars(message),
            created_ms=now_ms,
            attempts=0,
            due_ms=now_ms,
            error="",
        )
    )
    return notification_id


def newest_notifications(
    connection: Connection, run_ids: Collection[str]
) -> Mapping[tuple[str, str], Row[Any]]:
    """By service and run, the `created_ms` of the newest notification, and `num_blocking`."""
    query = (
        select(
            notifications.c.target,
            notifications.c.run_id,
            func.max(notifications.c.created_ms).label("created_ms"),
            NUM_BLOCKING,
        )
        .where(notifications.c.run_id.in_(run_ids))
        .group_by(notifications.c.target, notifications.c.run_id)
    )
    return {(row.target, row.run_id): row for row in connection.execute(query)}


def _notification(row: Row[Any]) -> Notification:
    return Notification(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
