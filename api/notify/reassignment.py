"""Reassigns what waits for services that are no longer configured, as after a change of their URLs."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, delete, select, update

from api.notify.targets import Target, scheme_of
from api.storage.database import Database
from api.storage.tables import notifications, outbox


def reassign(database: Database, targets: Sequence[Target]) -> Mapping[str, int]:
    """Reassign it to services of the same kind, new ones first: a URL may have got a new password.

    No service gets a change twice. Changes and messages without a replacement are given up; their
    number is returned by the kind of service.
    """
    given_up = Counter[str]()
    keys = {target.key for target in targets}
    with database.begin() as connection:
        known = set(connection.execute(select(outbox.c.target).distinct()).scalars())
        replacements = sorted(targets, key=lambda target: target.key in known)
        for key in sorted(_waiting_keys(connection) - keys):
            replacement = next(
                (each for each in replacements if each.scheme == scheme_of(key)), None
            )
            if replacement is not None:
                _reassign(connection, key, replacement.key)
                # Use another replacement for the next service that is gone.
                replacements.append(replacements.pop(replacements.index(replacement)))
            if left := _give_up(connection, key):
                given_up[scheme_of(key)] += left
    return given_up


def _waiting_keys(connection: Connection) -> set[str]:
    unwritten = select(outbox.c.target).where(_is_unwritten())
    unsent = select(notifications.c.target).where(_is_unsent())
    return set(connection.execute(unwritten.union(unsent)).scalars())


def _reassign(connection: Connection, key: str, replacement: str) -> None:
    of_replacement = outbox.alias()
    known = select(of_replacement.c.change_id).where(of_replacement.c.target == replacement)
    is_new = outbox.c.change_id.not_in(known)
    partly_known = (
        select(outbox.c.notification_id)
        .where(outbox.c.target == key, outbox.c.notification_id.is_not(None), ~is_new)
        .distinct()
    )
    of_key = notifications.c.target == key
    connection.execute(
        update(notifications)
        .where(of_key, _is_unsent(), notifications.c.id.not_in(partly_known))
        .values(target=replacement)
    )
    connection.execute(
        update(outbox)
        .where(outbox.c.target == key, _is_unwritten(), is_new)
        .values(target=replacement)
    )


def _give_up(connection: Connection, key: str) -> int:
    """The number of changes and messages given up."""
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
