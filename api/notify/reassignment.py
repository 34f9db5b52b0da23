"""What waits for services that are configured no longer, as after a change of their URLs."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, delete, select, update

from api.notify.targets import Target, scheme_of
from api.storage.database import Database
from api.storage.tables import notifications, outbox


def reassign(database: Database, targets: Sequence[Target]) -> Mapping[str, int]:
    """Hand it to a service of the same kind, as where a password was put right; a new one comes first.

    No service gets what it knows already. What nobody takes over is given up: how many changes and
    messages, by the kind of their service.
    """
    given_up = Counter[str]()
    keys = {target.key for target in targets}
    with database.begin() as connection:
        known = set(connection.execute(select(outbox.c.target).distinct()).scalars())
        replacements = sorted(targets, key=lambda target: target.key in known)
        for key in sorted(_waited_for(connection) - keys):
            replacement = next(
                (each for each in replacements if each.scheme == scheme_of(key)), None
            )
            if replacement is not None:
                _hand_over(connection, key, replacement.key)
                # The next that is gone had another place in the list.
                replacements.append(replacements.pop(replacements.index(replacement)))
            if left := _give_up(connection, key):
                given_up[scheme_of(key)] += left
    return given_up


def _waited_for(connection: Connection) -> set[str]:
    unwritten = select(outbox.c.target).where(_is_unwritten())
    unsent = select(notifications.c.target).where(_is_unsent())
    return set(connection.execute(unwritten.union(unsent)).scalars())


def _hand_over(connection: Connection, key: str, replacement: str) -> None:
    of_heir = outbox.alias()
    told = select(of_heir.c.change_id).where(of_heir.c.target == replacement)
    is_news = outbox.c.change_id.not_in(told)
    old = (
        select(outbox.c.notification_id)
        .where(outbox.c.target == key, outbox.c.notification_id.is_not(None), ~is_news)
        .distinct()
    )
    of_key = notifications.c.target == key
    connection.execute(
        update(notifications)
        .where(of_key, _is_unsent(), notifications.c.id.not_in(old))
        .values(target=replacement)
    )
    connection.execute(
        update(outbox)
        .where(outbox.c.target == key, _is_unwritten(), is_news)
        .values(target=replacement)
    )


def _give_up(connection: Connection, key: str) -> int:
    """How much it was."""
    unwritten = connection.execute(
        delete(outbox).where(outbox.c.target == key, _is_unwritten())
    ).rowcount
    unsent = connection.execute(
        update(notifications)
        .where(notifications.c.target == key, _is_unsent())
        .values(due_ms=None, error="The service is gone")
    ).rowcount
    return int(unwritten + unsent)


def _is_unwritten() -> ColumnElement[bool]:
    return outbox.c.notification_id.is_(None)


def _is_unsent() -> ColumnElement[bool]:
    return notifications.c.due_ms.is_not(None)
