"""What only one of a server's processes may do at a time: whoever holds the lease does it."""

import uuid
from functools import partial

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.storage.database import Database, in_database
from api.storage.tables import leases
from api.timestamps import unix_ms

DURATION_MS = 15_000
"""After so long without a word from its holder another takes it."""


class Lease:
    """UnavailableError where the database is away: then nobody holds it for long."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._owner = uuid.uuid4().hex
        self._until_ms = 0
        self.left_ms: int | None = None
        """When whoever held it before us was last there; None where nobody ever was."""

    async def held(self) -> bool:
        """Whether it is ours, and will be for some seconds more; to be asked again and again."""
        now_ms = unix_ms()
        if now_ms < self._until_ms - DURATION_MS // 2:
            return True
        is_ours = await in_database(partial(self._hold, now_ms))
        self._until_ms = now_ms + DURATION_MS if is_ours else 0
        return is_ours

    async def give_up(self) -> None:
        """Let another take it at once."""
        self._until_ms = 0
        await in_database(self._give_up)

    def _hold(self, now_ms: int) -> bool:
        try:
            return self._take(now_ms)
        except IntegrityError:
            # Nobody had it yet, and another has taken it at the same moment.
            return False

    def _take(self, now_ms: int) -> bool:
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
                self.left_ms = row.expires_ms
            connection.execute(update(leases).where(of_name).values(**values))
            return True

    def _give_up(self) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(leases)
                .where((leases.c.name == self._name) & (leases.c.owner == self._owner))
                .values(expires_ms=unix_ms())
            )
