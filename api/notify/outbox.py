"""What is to be told to which service, kept in the database until it has taken it."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, case, func, insert, select, update

from api.alerts.episodes import ChangeKind
from api.alerts.records import Alert, RecordedChange
from api.alerts.rows import alert_of, recorded_change
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from api.notify.message import Message
from api.notify.records import Group, Notification
from api.notify.targets import Target
from api.pages import Listed, Page
from api.storage.database import Database, page_of
from api.storage.tables import alert_changes, alerts, notifications, outbox

MOST_CHANGES = 500
"""In one message; what is left goes into the next."""

_UNTOLD_KINDS = (ChangeKind.ACKNOWLEDGED,)
"""Whoever acknowledges an alert has seen it."""

_OPEN = alerts.c.state == AlertState.FIRING
_UNHEEDED = _OPEN & alerts.c.acknowledged_by.is_(None)
_HOPELESS = 10
"""Attempts after which a message no longer keeps the next one from being written."""

_NUM_UNDER_WAY = func.count(
    case((notifications.c.attempts < _HOPELESS, notifications.c.due_ms))
).label("num_due")
_WRITTEN = outbox.c.notification_id.is_not(None)


class Outbox:
    """Blocking; each method is one transaction, but for `put`, which is part of its caller's."""

    def __init__(self, database: Database, targets: Sequence[Target]) -> None:
        self._database = database
        self._keys = [target.key for target in targets]

    def put(self, connection: Connection, news: RecordedChange) -> None:
        """Every service is to hear of it: on record together with the change, or not at all."""
        change = news.change
        if not self._keys or change.kind in _UNTOLD_KINDS:
            return
        is_worse = change.kind in (ChangeKind.FIRED, ChangeKind.RAISED)
        values = {
            "change_id": change.id,
            "run_id": change.run_id,
            "workspace": news.alert.workspace,
            "at_ms": change.at_ms,
            "is_urgent": is_worse and change.level is Level.CRITICAL,
        }
        connection.execute(insert(outbox), [{"target": key, **values} for key in self._keys])

    def ready(self, now_ms: int, wait_ms: int, interval_ms: int) -> list[Group]:
        """Groups whose message is to be written.

        A run's first change waits for others for `wait_ms`. Between two messages about a run are
        `interval_ms`, if nothing new is critical, and the next is written when the last is taken.
        """
        of_group = (outbox.c.target, outbox.c.run_id, outbox.c.workspace)
        waiting = (
            select(
                *of_group,
                func.min(outbox.c.at_ms).label("since_ms"),
                # Of booleans PostgreSQL has no maximum.
                func.sum(outbox.c.is_urgent.cast(Integer)).label("num_urgent"),
            )
            .where(~_WRITTEN, outbox.c.target.in_(self._keys))
            .group_by(*of_group)
        )
        with self._database.read() as connection:
            rows = [row for row in connection.execute(waiting) if row.since_ms + wait_ms <= now_ms]
            last = _last_written(connection, {row.run_id for row in rows})
        return [
            Group(target=row.target, run_id=row.run_id, workspace=row.workspace)
            for row in rows
            if _may_follow(
                last.get((row.target, row.run_id)),
                now_ms,
                0 if row.num_urgent else interval_ms,
            )
        ]

    def write(
        self,
        group: Group,
        compose: Callable[[Sequence[RecordedChange], Sequence[Alert]], Message],
        now_ms: int,
    ) -> bool:
        """Whether there was something to be told: each change goes into one message of a service."""
        of_group = (outbox.c.target == group.target) & (outbox.c.run_id == group.run_id) & ~_WRITTEN
        waiting = select(outbox.c.change_id).where(of_group).order_by(outbox.c.change_id)
        with self._database.begin() as connection:
            ids = connection.execute(waiting.limit(MOST_CHANGES).with_for_update()).scalars().all()
            if not ids:
                return False
            changes = select(alert_changes).where(alert_changes.c.id.in_(ids))
            rows = connection.execute(changes.order_by(alert_changes.c.id)).all()
            message = compose(
                recorded_change(connection, rows), _alerts_of(connection, group.run_id, _OPEN)
            )
            notification_id = _insert(connection, group, message, now_ms)
            connection.execute(
                update(outbox)
                .where(of_group, outbox.c.change_id.in_(ids))
                .values(notification_id=notification_id)
            )
        return True

    def unacknowledged(self, now_ms: int, repeat_ms: int) -> list[Group]:
        """Groups with open alerts that were told so long ago, and that nobody has acknowledged."""
        told = (
            select(
                notifications.c.target,
                notifications.c.run_id,
                notifications.c.workspace,
                func.max(notifications.c.created_ms).label("created_ms"),
                _NUM_UNDER_WAY,
            )
            .where(
                notifications.c.target.in_(self._keys),
                notifications.c.run_id.in_(select(alerts.c.run_id).where(_UNHEEDED)),
            )
            .group_by(notifications.c.target, notifications.c.run_id, notifications.c.workspace)
        )
        with self._database.read() as connection:
            return [
                Group(target=row.target, run_id=row.run_id, workspace=row.workspace)
                for row in connection.execute(told)
                if not row.num_due and row.created_ms + repeat_ms <= now_ms
            ]

    def remind(
        self, group: Group, compose: Callable[[Sequence[Alert]], Message], now_ms: int
    ) -> bool:
        """Whether there was still something to be reminded of."""
        with self._database.begin() as connection:
            still_open = _alerts_of(connection, group.run_id, _UNHEEDED)
            if still_open:
                _insert(connection, group, compose(still_open), now_ms)
        return bool(still_open)

    def due(self, now_ms: int) -> dict[str, list[Notification]]:
        """For each service what it is to be sent now, oldest first."""
        wanted = (
            select(notifications)
            .where(notifications.c.due_ms <= now_ms, notifications.c.target.in_(self._keys))
            .order_by(notifications.c.created_ms, notifications.c.id)
            .limit(1000)
        )
        found: dict[str, list[Notification]] = {}
        with self._database.read() as connection:
            for row in connection.execute(wanted):
                found.setdefault(row.target, []).append(_notification(row))
        return found

    def sent(self, notification: Notification, now_ms: int) -> None:
        self._write(
            notification,
            attempts=notification.attempts + 1,
            due_ms=None,
            sent_ms=now_ms,
            error="",
        )

    def failed(self, notification: Notification, error: str, again_ms: int) -> None:
        """It is due once more at `again_ms`."""
        self._write(notification, attempts=notification.attempts + 1, due_ms=again_ms, error=error)

    def listed(self, workspace: str | None, run_id: str | None, page: Page) -> Listed[Notification]:
        """Newest first."""
        wanted = select(notifications).where(notifications.c.workspace == workspace)
        if run_id is not None:
            wanted = wanted.where(notifications.c.run_id == run_id)
        with self._database.read() as connection:
            ordered = wanted.order_by(notifications.c.created_ms.desc(), notifications.c.id)
            return page_of(connection, ordered, page, _notification)

    def _write(self, notification: Notification, **values: Any) -> None:
        # A holder of the lease that was late must not take back what the next one knows.
        is_open = notifications.c.due_ms.is_not(None)
        of_message = (notifications.c.id == notification.id) & is_open
        with self._database.begin() as connection:
            connection.execute(update(notifications).where(of_message).values(**values))


def _may_follow(last: Row[Any] | None, now_ms: int, interval_ms: int) -> bool:
    if last is None:
        return True
    return not last.num_due and last.created_ms + interval_ms <= now_ms


def _last_written(
    connection: Connection, run_ids: Collection[str]
) -> Mapping[tuple[str, str], Row[Any]]:
    """By service and run: when its last message was written, and how many have not been taken."""
    query = (
        select(
            notifications.c.target,
            notifications.c.run_id,
            func.max(notifications.c.created_ms).label("created_ms"),
            _NUM_UNDER_WAY,
        )
        .where(notifications.c.run_id.in_(run_ids))
        .group_by(notifications.c.target, notifications.c.run_id)
    )
    return {(row.target, row.run_id): row for row in connection.execute(query)}


def _insert(connection: Connection, group: Group, message: Message, now_ms: int) -> str:
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


def _alerts_of(connection: Connection, run_id: str, kind: ColumnElement[bool]) -> list[Alert]:
    """Those of a run, the worst first."""
    query = select(alerts).where(alerts.c.run_id == run_id, kind)
    rows = connection.execute(query.order_by(alerts.c.level.desc(), alerts.c.began_ms))
    return [alert_of(row) for row in rows]


def _notification(row: Row[Any]) -> Notification:
    return Notification(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
