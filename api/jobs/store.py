"""Keeps the jobs of this server in the database."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from api.jobs.schemas import DEFAULT_PRIORITY
from api.pages import Listed, Page
from api.runs.sql_runs import in_batches
from api.storage.database import Database, page_of
from api.storage.tables import job_slots, jobs, runs
from tracking_plugin.control_messages import Desired


class JobState(StrEnum):
    """Where a job is between its creation and its end, as the server sees it."""

    CREATED = "created"
    """Not started yet."""
    WANTED = "wanted"
    """To be submitted to Ray."""
    SUBMITTED = "submitted"
    RELEASED = "released"
    """Paused without a Ray job."""
    ENDED = "ended"


_RECONCILED = (JobState.WANTED, JobState.SUBMITTED, JobState.RELEASED)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job and its MLflow run. `spec` is its parameters as JSON; times in ms since the Unix epoch."""

    run_id: str
    workspace: str | None
    kind: str
    spec: str
    tracking_uri: str
    state: JobState
    attempt: int = 0
    submission_id: str | None = None
    ray_address: str | None = None
    created_ms: int
    started_ms: int | None = None
    ended_ms: int | None = None
    priority: int = DEFAULT_PRIORITY
    queued_ms: int | None = None
    """Since when it waits to be started."""
    interruption: str = ""
    """Why its process ended before its run did."""

    @property
    def params(self) -> Mapping[str, Any]:
        params: dict[str, Any] = json.loads(self.spec)
        return params


class JobStore:
    """Blocking; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: Job) -> None:
        with self._database.begin() as connection:
            connection.execute(insert(jobs).values(**asdict(job)))

    def remove_ended(self, run_id: str) -> bool:
        """Remove the job if it has ended; returns whether it was removed."""
        is_ended = (jobs.c.run_id == run_id) & (jobs.c.state == JobState.ENDED)
        with self._database.begin() as connection:
            return bool(connection.execute(delete(jobs).where(is_ended)).rowcount)

    def find(self, run_id: str) -> Job | None:
        with self._database.read() as connection:
            row = connection.execute(select(jobs).where(jobs.c.run_id == run_id)).one_or_none()
        return None if row is None else _job(row)

    def jobs_among(self, run_ids: Collection[str]) -> set[str]:
        """Those of the runs that are jobs."""
        found: set[str] = set()
        with self._database.read() as connection:
            for ids in in_batches(run_ids):
                query = select(jobs.c.run_id).where(jobs.c.run_id.in_(ids))
                found.update(connection.execute(query).scalars())
        return found

    def unfinished(self) -> list[Job]:
        """The jobs to reconcile, oldest first."""
        is_cancelled_early = (jobs.c.state == JobState.CREATED) & (
            runs.c.desired == Desired.STOPPED
        )
        query = (
            select(jobs)
            .outerjoin(runs, runs.c.run_id == jobs.c.run_id)
            .where(jobs.c.state.in_(_RECONCILED) | is_cancelled_early)
            .order_by(jobs.c.created_ms)
        )
        with self._database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def queued(self) -> list[Job]:
        """The jobs that wait, or have been submitted and not ended."""
        states = (JobState.WANTED, JobState.SUBMITTED)
        with self._database.read() as connection:
            found = connection.execute(select(jobs).where(jobs.c.state.in_(states)))
            return [_job(row) for row in found]

    def slots(self) -> dict[str, int | None]:
        """The stored number of slots of each pool."""
        with self._database.read() as connection:
            found = connection.execute(select(job_slots))
            return {row.pool: row.num_slots for row in found}

    def store_slots(self, slots: Mapping[str, int | None]) -> None:
        with self._database.begin() as connection:
            connection.execute(delete(job_slots))
            connection.execute(
                insert(job_slots),
                [{"pool": pool, "num_slots": number} for pool, number in slots.items()],
            )

    def set_priority(self, run_id: str, priority: int) -> bool:
        """Returns whether the job has not begun, so that its priority counts."""
        waits = jobs.c.state.in_((JobState.CREATED, JobState.WANTED, JobState.RELEASED))
        with self._database.begin() as connection:
            changed = connection.execute(
                update(jobs).where((jobs.c.run_id == run_id) & waits).values(priority=priority)
            )
            return bool(changed.rowcount)

    def listed(self, workspace: str | None, page: Page, kind: str | None = None) -> Listed[Job]:
        """Newest first; of one kind, or of all."""
        query = select(jobs).where(jobs.c.workspace == workspace)
        if kind is not None:
            query = query.where(jobs.c.kind == kind)
        with self._database.read() as connection:
            newest_first = query.order_by(jobs.c.created_ms.desc(), jobs.c.run_id)
            return page_of(connection, newest_first, page, _job)

    def move(
        self, run_id: str, from_states: Collection[JobState], to: JobState, **changes: object
    ) -> bool:
        """Move the job to `to` if it is in one of `from_states`; returns whether it was."""
        with self._database.begin() as connection:
            result = connection.execute(
                update(jobs)
                .where((jobs.c.run_id == run_id) & jobs.c.state.in_(from_states))
                .values(state=to, **changes)
            )
            return bool(result.rowcount)


def jobs_not_ended_with(
    connection: Connection, workspace: str | None, param: str, value: object
) -> list[str]:
    """The runs of the workspace's jobs that have not ended and whose parameter `param` is `value`."""
    query = (
        select(jobs.c.run_id, jobs.c.spec)
        .where((jobs.c.workspace == workspace) & (jobs.c.state != JobState.ENDED))
        .order_by(jobs.c.created_ms)
    )
    found = connection.execute(query)
    return [row.run_id for row in found if json.loads(row.spec).get(param) == value]


def _job(row: Row[tuple[object, ...]]) -> Job:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Job(**{**fields, "state": JobState(row.state)})
