"""Keeps the changes of alerts that services are still to be notified of, and writes messages from them."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, func, insert, select, update

from api.alerts.episodes import ChangeKind
from api.alerts.records import Alert, RecordedChange
from api.alerts.rows import alert_of, recorded_changes
from api.alerts.samples import Level
from api.alerts.selections import IS_OPEN
from api.notify.message import Message
from api.notify.records import Group
from api.notify.store import NUM_BLOCKING, insert_notification, newest_notifications
from api.notify.targets import Target
from api.storage.database import Database
from api.storage.tables import alert_changes, alerts, notifications, outbox

MAX_CHANGES = 500
"""Changes in one message; the others go into the next."""

_UNREPORTED_KINDS = (ChangeKind.ACKNOWLEDGED,)
"""The person who acknowledges an alert knows of it."""

_IS_UNACKNOWLEDGED = IS_OPEN & alerts.c.acknowledged_by.is_(None)
_IS_WRITTEN = outbox.c.notification_id.is_not(None)


class Outbox:
    """Blocking. Each method is one transaction, except `put`, which is part of its caller's."""

    def __init__(self, database: Database, targets: Sequence[Target]) -> None:
        self._database = database
        self._keys = [target.key for target in targets]

    def put(self, connection: Connection, recorded: RecordedChange) -> None:
        """Add the change for every service, in the transaction that records it."""
        change = recorded.change
        if not self._keys or change.kind in _UNREPORTED_KINDS:
            return
        is_worse = change.kind in (ChangeKind.FIRED, ChangeKind.RAISED)
        values = {
            "change_id": change.id,
            "run_id": change.run_id,
            "workspace": recorded.alert.workspace,
            "at_ms": change.at_ms,
            "is_urgent": is_worse and change.level is Level.CRITICAL,
        }
        connection.execute(insert(outbox), [{"target": key, **values} for key in self._keys])

    def ready(self, now_ms: int, wait_ms: int, interval_ms: int) -> list[Group]:
        """The groups whose message is to be written now.

        The first change of a run waits `wait_ms` for others. After a message about a run, the next
        one is written after `interval_ms`, or at once if a change is critical, and not before the
        service has accepted the previous one.
        """
        of_group = (outbox.c.target, outbox.c.run_id, outbox.c.workspace)
        waiting = (
            select(
                *of_group,
                func.min(outbox.c.at_ms).label("since_ms"),
                # PostgreSQL has no max() of booleans.
                func.sum(outbox.c.is_urgent.cast(Integer)).label("num_urgent"),
            )
            .where(~_IS_WRITTEN, outbox.c.target.in_(self._keys))
            .group_by(*of_group)
        )
        with self._database.read() as connection:
            rows = [row for row in connection.execute(waiting) if row.since_ms + wait_ms <= now_ms]
            newest = newest_notifications(connection, {row.run_id for row in rows})
        return [
            Group(target=row.target, run_id=row.run_id, workspace=row.workspace)
            for row in rows
            if _may_follow(
                newest.get((row.target, row.run_id)),
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
        """Write a message with the waiting changes of `group`; False if there are none.

        Each change goes into one message to each service.
        """
        of_group = (
            (outbox.c.target == group.target) & (outbox.c.run_id == group.run_id) & ~_IS_WRITTEN
        )
        waiting = select(outbox.c.change_id).where(of_group).order_by(outbox.c.change_id)
        with self._database.begin() as connection:
            ids = connection.execute(waiting.limit(MAX_CHANGES).with_for_update()).scalars().all()
            if not ids:
                return False
            changes = select(alert_changes).where(alert_changes.c.id.in_(ids))
            rows = connection.execute(changes.order_by(alert_changes.c.id)).all()
            message = compose(
                recorded_changes(connection, rows), _alerts_of(connection, group.run_id, IS_OPEN)
            )
            notification_id = insert_notification(connection, group, message, now_ms)
            connection.execute(
                update(outbox)
                .where(of_group, outbox.c.change_id.in_(ids))
                .values(notification_id=notification_id)
            )
        return True

    def unacknowledged(self, now_ms: int, repeat_ms: int) -> list[Group]:
        """Groups with open, unacknowledged alerts whose newest message is `repeat_ms` old."""
        newest = (
            select(
                notifications.c.target,
                notifications.c.run_id,
                notifications.c.workspace,
                func.max(notifications.c.created_ms).label("created_ms"),
                NUM_BLOCKING,
            )
            .where(
                notifications.c.target.in_(self._keys),
                notifications.c.run_id.in_(select(alerts.c.run_id).where(_IS_UNACKNOWLEDGED)),
            )
            .group_by(notifications.c.target, notifications.c.run_id, notifications.c.workspace)
        )
        with self._database.read() as connection:
            return [
                Group(target=row.target, run_id=row.run_id, workspace=row.workspace)
                for row in connection.execute(newest)
                if _may_follow(row, now_ms, repeat_ms)
            ]

    def remind(
        self, group: Group, compose: Callable[[Sequence[Alert]], Message], now_ms: int
    ) -> bool:
        """Write a reminder of the unacknowledged alerts of `group`; False if there are none."""
        with self._database.begin() as connection:
            still_open = _alerts_of(connection, group.run_id, _IS_UNACKNOWLEDGED)
            if still_open:
                insert_notification(connection, group, compose(still_open), now_ms)
        return bool(still_open)


def _may_follow(newest: Row[Any] | None, now_ms: int, interval_ms: int) -> bool:
    if newest is None:
        return True
    return not newest.num_blocking and newest.created_ms + interval_ms <= now_ms


def _alerts_of(connection: Connection, run_id: str, kind: ColumnElement[bool]) -> list[Alert]:
    """The alerts of a run, the worst first."""
    query = select(alerts).where(alerts.c.run_id == run_id, kind)
    rows = connection.execute(query.order_by(alerts.c.level.desc(), alerts.c.began_ms))
    return [alert_of(row) for row in rows]
