"""What waits for services that are configured no longer, as after a change of their URLs."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, func, select, update

from api.database import Database
from api.notify.targets import Target, scheme_of
from api.tables import notifications, outbox


def adopt(database: Database, targets: Sequence[Target]) -> Mapping[str, int]:
    """Hand it to the new service of the same kind, as where a password was put right.

    What nobody takes over is given up: how many changes and messages, by the kind of their service.
    """
    given_up = Counter[str]()
    with database.begin() as connection:
        known = set(connection.execute(select(outbox.c.target).distinct()).scalars())
        new = [target for target in targets if target.key not in known]
        for key, number in _waiting(connection).items():
            if key in {target.key for target in targets}:
                continue
            heir = next((target for target in new if target.scheme == scheme_of(key)), None)
            if heir is None:
                given_up[scheme_of(key)] += number
                _give_up(connection, key)
            else:
                new.remove(heir)
                _hand_over(connection, key, heir.key)
    return given_up


def _waiting(connection: Connection) -> Mapping[str, int]:
    """By service, what it has not taken."""
    unwritten = outbox.c.notification_id.is_(None)
    unsent = notifications.c.due_ms.is_not(None)
    found = Counter[str]()
    for target, is_waiting in ((outbox.c.target, unwritten), (notifications.c.target, unsent)):
        rows = connection.execute(select(target, func.count()).where(is_waiting).group_by(target))
        found.update({row[0]: row[1] for row in rows})
    return dict(sorted(found.items()))


def _hand_over(connection: Connection, key: str, heir: str) -> None:
    unwritten = (outbox.c.target == key) & outbox.c.notification_id.is_(None)
    unsent = (notifications.c.target == key) & notifications.c.due_ms.is_not(None)
    connection.execute(update(outbox).where(unwritten).values(target=heir))
    connection.execute(update(notifications).where(unsent).values(target=heir))


def _give_up(connection: Connection, key: str) -> None:
    unwritten = (outbox.c.target == key) & outbox.c.notification_id.is_(None)
    unsent = (notifications.c.target == key) & notifications.c.due_ms.is_not(None)
    connection.execute(delete(outbox).where(unwritten))
    connection.execute(
        update(notifications).where(unsent).values(due_ms=None, error="The service is gone")
    )
