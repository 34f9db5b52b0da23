"""Remembers when the server last accepted a write of each run, in the process and in the database.

Only the server's clock counts: the clock of a training's machine may be hours off, and its client
may send seconds where milliseconds are due.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from api.runs.run_over import HeldRun
from api.storage.database import Database
from api.storage.tables import last_writes

MAX_RUNS = 20_000
MAX_DEPTH = 32
"""Levels of nested runs above a run; the tags of strangers may also form a circle."""

_AT_ONCE = 500
_RUN_ID = re.compile(r"[0-9a-f]{32}")
"""Any client can write the tag of the parent."""

Parents = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]
"""The parent of each of the runs that have one."""


@dataclass(frozen=True, kw_only=True)
class LastWrite:
    """`at_s` is by the monotonic clock of this process, `accepted_ms` by the server's in Unix time."""

    workspace: str | None
    at_s: float
    accepted_ms: int


class LastWrites:
    """The newest writes since the process started; the run that wrote longest ago is dropped first.

    For one event loop: it is not safe to use from a thread.
    """

    def __init__(self) -> None:
        self._of_run: OrderedDict[str, LastWrite] = OrderedDict()
        self._unsaved: set[str] = set()

    def add(self, run_id: str, workspace: str | None, accepted_ms: int) -> None:
        self._put(
            run_id,
            LastWrite(workspace=workspace, at_s=time.monotonic(), accepted_ms=accepted_ms),
        )

    def get(self, run_id: str) -> LastWrite | None:
        return self._of_run.get(run_id)

    def forget(self, run_id: str) -> None:
        self._of_run.pop(run_id, None)

    async def count_for_parents(self, writers: Mapping[str, LastWrite], parents: Parents) -> None:
        """Count the writes of `writers` for all runs above them."""
        level = dict(writers)
        for _ in range(MAX_DEPTH):
            above: dict[str, LastWrite] = {}
            for run_id, parent in (await parents(level.keys())).items():
                write, known = level[run_id], self._of_run.get(parent)
                if _RUN_ID.fullmatch(parent) and (known is None or known.at_s < write.at_s):
                    above[parent] = max(write, above.get(parent, write), key=lambda it: it.at_s)
            if not above:
                return
            for run_id, write in above.items():
                self._put(run_id, write)
            level = above

    def unsaved(self) -> dict[str, LastWrite]:
        """The runs that have written since `mark_saved`."""
        return {run_id: self._of_run[run_id] for run_id in self._unsaved if run_id in self._of_run}

    def mark_saved(self, saved: Mapping[str, LastWrite]) -> None:
        self._unsaved -= {run_id for run_id, it in saved.items() if self._of_run.get(run_id) == it}

    def _put(self, run_id: str, write: LastWrite) -> None:
        self._of_run[run_id] = write
        self._of_run.move_to_end(run_id)
        self._unsaved.add(run_id)
        while len(self._of_run) > MAX_RUNS:
            dropped, _ = self._of_run.popitem(last=False)
            self._unsaved.discard(dropped)


class LastWriteStore:
    """Blocking; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, writes: Mapping[str, LastWrite]) -> None:
        with self._database.begin() as connection:
            known = _accepted_ms(connection, writes.keys())
            for run_id, write in writes.items():
                if run_id not in known:
                    values = {"workspace": write.workspace, "accepted_ms": write.accepted_ms}
                    connection.execute(insert(last_writes).values(run_id=run_id, **values))
                elif known[run_id] < write.accepted_ms:
                    of_run = last_writes.c.run_id == run_id
                    changed = update(last_writes).where(of_run)
                    connection.execute(changed.values(accepted_ms=write.accepted_ms))

    def accepted_ms(self, run_ids: Collection[str]) -> dict[str, int]:
        """The times of those of the runs of which a write was saved."""
        with self._database.read() as connection:
            return _accepted_ms(connection, run_ids)

    def since(self, since_ms: int) -> list[HeldRun]:
        """The runs that have written since then."""
        query = select(last_writes).where(last_writes.c.accepted_ms > since_ms)
        with self._database.read() as connection:
            return [
                HeldRun(run_id=row.run_id, workspace=row.workspace)
                for row in connection.execute(query)
            ]

    def remove_before(self, before_ms: int, kept: Collection[str]) -> None:
        """Remove the runs that have not written since `before_ms`, except those in `kept`."""
        is_old = last_writes.c.accepted_ms < before_ms
        with self._database.begin() as connection:
            old = connection.execute(select(last_writes.c.run_id).where(is_old)).scalars().all()
            for ids in _in_batches(run_id for run_id in old if run_id not in kept):
                connection.execute(delete(last_writes).where(last_writes.c.run_id.in_(ids)))


def _accepted_ms(connection: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for ids in _in_batches(run_ids):
        rows = connection.execute(select(last_writes).where(last_writes.c.run_id.in_(ids)))
        found |= {row.run_id: row.accepted_ms for row in rows}
    return found


def _in_batches(run_ids: Iterable[str]) -> Iterable[list[str]]:
    ids = list(run_ids)
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
