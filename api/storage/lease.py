"""A lease lets one of the server's processes at a time do a job: the process that holds it."""

import uuid
from functools import partial

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.storage.database import Database, in_database
from api.storage.tables import leases
from api.timestamps import unix_ms

DURATION_MS = 15_000
"""A lease that is not renewed expires after this time, and another process can acquire it."""


class Lease:
    """Methods raise UnavailableError if the database does not answer; the lease expires then."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._owner = uuid.uuid4().hex
        self._expires_ms = 0
        self.previous_expiry_ms: int | None = None
        """When the lease of the previous holder expired; None if there was no previous holder."""

    async def held(self) -> bool:
        """Acquire or renew the lease if possible; whether it is held for the next seconds.

        The holder calls this repeatedly, more often than every DURATION_MS.
        """
        now_ms = unix_ms()
        if now_ms < self._expires_ms - DURATION_MS // 2:
            return True
        is_held = await in_database(partial(self._try_acquire, now_ms))
        self._expires_ms = now_ms + DURATION_MS if is_held else 0
        return is_held

    async def give_up(self) -> None:
        """Let another process acquire the lease at once."""
        self._expires_ms = 0
        await in_database(self._expire)

    def _try_acquire(self, now_ms: int) -> bool:
        try:
            return self._acquire(now_ms)
        except IntegrityError:
            # There was no row yet, and another process has inserted it at the same moment.
            return False

    def _acquire(self, now_ms: int) -> bool:
        of_name = leases.c.name == self._name
        values = {"owner": self._owner, "expires_ms": now_ms + DURATION_MS}
        with self._database.begin() as connection:
            row = connection.execute(select(leases).where(of_name).with_for_update()).one_or_none()
            if row is None:
                connection.execute(insert(leases).values(name=self._name, **values))
                return True
            if row.owner != self._owner:
                if row.expires_ms > now_ms:
                    return False
                self.previous_expiry_ms = row.expires_ms
            connection.execute(update(leases).where(of_name).values(**values))
            return True

    def _expire(self) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(leases)
                .where((leases.c.name == self._name) & (leases.c.owner == self._owner))
                .values(expires_ms=unix_ms())
            )
