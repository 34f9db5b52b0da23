"""Keeps the trainings that this server starts, in the database."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import Row, insert, select, update

from api.pages import Listed, Page
from api.storage.database import Database, page_of
from api.storage.tables import jobs, runs
from tracking_plugin.control_messages import Desired


class JobState(StrEnum):
    """Where a job is, from the side of whoever starts it."""

    CREATED = "created"
    """Nobody has asked for its start yet."""
    WANTED = "wanted"
    """To be submitted to Ray."""
    SUBMITTED = "submitted"
    RELEASED = "released"
    """Paused, with no process of its own."""
    ENDED = "ended"


_LOOKED_AFTER = (JobState.WANTED, JobState.SUBMITTED, JobState.RELEASED)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A training and its MLflow run; times in ms since the Unix epoch."""

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


class JobStore:
    """Blocking; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: Job) -> None:
        with self._database.begin() as connection:
            connection.execute(insert(jobs).values(**asdict(job)))

    def find(self, run_id: str) -> Job | None:
        with self._database.read() as connection:
            row = connection.execute(select(jobs).where(jobs.c.run_id == run_id)).one_or_none()
        return None if row is None else _job(row)

    def is_job(self, run_id: str) -> bool:
        return self.find(run_id) is not None

    def unfinished(self) -> list[Job]:
        """Those that somebody has to look after, oldest first."""
        given_up = (jobs.c.state == JobState.CREATED) & (runs.c.desired == Desired.STOPPED)
        query = (
            select(jobs)
            .outerjoin(runs, runs.c.run_id == jobs.c.run_id)
            .where(jobs.c.state.in_(_LOOKED_AFTER) | given_up)
            .order_by(jobs.c.created_ms)
        )
        with self._database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def listed(self, workspace: str | None, page: Page) -> Listed[Job]:
        """Newest first."""
        of_workspace = jobs.c.workspace == workspace
        with self._database.read() as connection:
            wanted = (
                select(jobs).where(of_workspace).order_by(jobs.c.created_ms.desc(), jobs.c.run_id)
            )
            return page_of(connection, wanted, page, _job)

    def move(
        self, run_id: str, from_states: Collection[JobState], to: JobState, **changes: object
    ) -> bool:
        """Whether the job was in one of `from_states` and is now in `to`."""
        with self._database.begin() as connection:
            result = connection.execute(
                update(jobs)
                .where((jobs.c.run_id == run_id) & jobs.c.state.in_(from_states))
                .values(state=to, **changes)
            )
            return bool(result.rowcount)


def _job(row: Row[tuple[object, ...]]) -> Job:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Job(**{**fields, "state": JobState(row.state)})
