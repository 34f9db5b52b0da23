"""Reads runs from MLflow's SQL store, with a few statements per page."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any

from mlflow.entities import LifecycleStage
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from api.pages import Listed, Page
from api.runs.headlines import has_headlines
from api.runs.mlflow_tables import EXPERIMENTS, LATEST_METRICS, PARAMS, RUNS, TAGS
from api.runs.run_over import RunEnd, end_of
from api.runs.source import KEY_METRICS, USUAL_METRICS, FoundRun, RunQuery, is_of_training
from api.runs.sql_metrics import of_training, point, point_columns
from api.runs.state import RunState
from api.runs.status import effective_status
from tracking_plugin.critical_conditions import THRESHOLD_PARAMS
from tracking_plugin.mlflow_status import ACTIVE_STATUSES, MlflowStatus, run_status_of
from tracking_plugin.names import Param, RunStatus, Tag

_RUN_COLUMNS = (
    RUNS.c.run_uuid,
    RUNS.c.name,
    RUNS.c.status,
    RUNS.c.start_time,
    RUNS.c.end_time,
    RUNS.c.lifecycle_stage,
    RUNS.c.experiment_id,
    EXPERIMENTS.c.name.label("experiment_name"),
)
# A run without a start comes last; databases differ in how they order NULL.
NEWEST_FIRST = (
    case((RUNS.c.start_time.is_(None), 1), else_=0),
    RUNS.c.start_time.desc(),
    RUNS.c.run_uuid,
)
_LARGEST_EXPERIMENT_ID = 2**31 - 1
_IDS_AT_ONCE = 500
"""Databases bound the number of parameters of a statement."""

_METRICS_OF_A_RUN = 500
_RUNS_AT_ONCE = 50
"""Databases bound the parts of a union, too."""


class SqlRuns:
    """A RunIndex over one SQL store."""

    def __init__(self, store: SqlAlchemyStore) -> None:
        self._store = store

    def run(self, run_id: str) -> RunState | None:
        with self._store.ManagedSessionMaker() as session:
            row = session.execute(self._runs().where(RUNS.c.run_uuid == run_id)).first()
            if row is None:
                return None
            states = _states(session, [row])
            _add_latest(states, session.execute(_latest(states)))
        return states[run_id]

    def runs(self, run_ids: Collection[str], metrics: Collection[str]) -> dict[str, RunState]:
        found: dict[str, RunState] = {}
        with self._store.ManagedSessionMaker() as session:
            for ids in in_batches(run_ids):
                rows = session.execute(self._runs().where(RUNS.c.run_uuid.in_(ids))).all()
                states = _states(session, rows)
                is_wanted = LATEST_METRICS.c.key.in_(metrics)
                _add_latest(states, session.execute(_latest(states).where(is_wanted)))
                for run_id, last_step in session.execute(_last_steps(states)):
                    states[run_id].last_step = last_step
                found |= states
        return found

    def session(self) -> AbstractContextManager[Session]:
        """A session on the store, for other readers of its runs."""
        opened: AbstractContextManager[Session] = self._store.ManagedSessionMaker()
        return opened

    def ends(self, run_ids: Collection[str]) -> dict[str, RunEnd]:
        gone = dict.fromkeys(run_ids, RunEnd.DELETED)
        found: dict[str, RunEnd] = {}
        with self._store.ManagedSessionMaker() as session:
            for ids in in_batches(run_ids):
                for row in session.execute(self._runs().where(RUNS.c.run_uuid.in_(ids))):
                    del gone[row.run_uuid]
                    is_deleted = row.lifecycle_stage == LifecycleStage.DELETED
                    if (how := end_of(row.status, is_deleted=is_deleted)) is not None:
                        found[row.run_uuid] = how
        return gone | found

    def parents(self, run_ids: Collection[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        with self._store.ManagedSessionMaker() as session:
            for ids in in_batches(run_ids):
                found |= {row.run_uuid: row.value for row in session.execute(_parents(ids))}
        return found

    def of_experiment(self, experiment_id: str) -> list[str]:
        ids = select(RUNS.c.run_uuid).where(RUNS.c.experiment_id == int(experiment_id))
        with self._store.ManagedSessionMaker() as session:
            return list(session.execute(ids).scalars())

    def ids_with_prefix(self, prefix: str, limit: int) -> list[str]:
        found = self._runs().where(RUNS.c.run_uuid.startswith(prefix)).limit(limit)
        with self._store.ManagedSessionMaker() as session:
            return [row.run_uuid for row in session.execute(found)]

    def newest_run_id(self, statuses: Collection[str] | None = None) -> str | None:
        conditions = [not_(_has_tag(RUNS, Tag.EVALUATED_RUN))]
        if statuses is not None:
            conditions.append(RUNS.c.status.in_(statuses))
        wanted = self.active_runs().where(*conditions).order_by(*NEWEST_FIRST).limit(1)
        with self._store.ManagedSessionMaker() as session:
            row = session.execute(wanted).first()
        return None if row is None else str(row.run_uuid)

    def find_runs(self, query: RunQuery, page: Page) -> Listed[FoundRun]:
        with self._store.ManagedSessionMaker() as session:
            wanted = self.active_runs().where(*self._conditions(session, query))
            total = session.execute(
                select(func.count()).select_from(wanted.subquery())
            ).scalar_one()
            rows = session.execute(
                wanted.order_by(*NEWEST_FIRST).limit(page.limit).offset(page.offset)
            ).all()
            states = _states(session, rows)
            is_key_metric = LATEST_METRICS.c.key.in_((*_texts(KEY_METRICS), *USUAL_METRICS))
            _add_latest(states, session.execute(_latest(states).where(is_key_metric)))
            for run_ids in in_batches(_without_headlines(states), _RUNS_AT_ONCE):
                _add_latest(states, session.execute(_some_latest(run_ids)))
            for run_id, last_step in session.execute(_last_steps(states)):
                states[run_id].last_step = last_step
        return Listed([FoundRun(states[row.run_uuid], row.experiment_name) for row in rows], total)

    def _runs(self) -> Select[Any]:
        """All runs of the current workspace."""
        in_workspace = self._store._experiment_where_clauses()  # noqa: SLF001 - it has no public name
        return select(*_RUN_COLUMNS).join(EXPERIMENTS).where(*in_workspace)

    def active_runs(self) -> Select[Any]:
        """Those of the current workspace that are not deleted."""
        return self._runs().where(RUNS.c.lifecycle_stage == LifecycleStage.ACTIVE)

    def _conditions(self, session: Session, query: RunQuery) -> list[ColumnElement[bool]]:
        conditions = []
        if query.experiment is not None:
            conditions.append(self.is_in_experiment(session, query.experiment))
        if query.status is not None:
            conditions.append(_has_status(query.status))
        return conditions

    def is_in_experiment(self, session: Session, experiment: str) -> ColumnElement[bool]:
        # PostgreSQL rejects NUL in texts; no experiment has one in its name.
        by_name = EXPERIMENTS.c.name == experiment.replace("\0", "\ufffd")
        if not (experiment.isascii() and experiment.isdigit()):
            return by_name
        number = int(experiment) if len(experiment) < 20 else _LARGEST_EXPERIMENT_ID + 1
        if number > _LARGEST_EXPERIMENT_ID:
            return by_name
        by_id = EXPERIMENTS.c.experiment_id == number
        in_workspace = self._store._experiment_where_clauses()  # noqa: SLF001 - it has no public name
        is_an_id = session.execute(select(EXPERIMENTS.c.name).where(by_id, *in_workspace)).first()
        return by_id if is_an_id else by_name


def in_batches(run_ids: Collection[str], size: int = _IDS_AT_ONCE) -> Iterator[list[str]]:
    ids = list(run_ids)
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _has_tag(of_run: FromClause, key: Tag) -> ColumnElement[bool]:
    tags = TAGS.alias()
    return exists().where(tags.c.run_uuid == of_run.c.run_uuid, tags.c.key == key.value)


def _parents(run_ids: Collection[str]) -> Select[Any]:
    return (
        select(TAGS.c.run_uuid, TAGS.c.value)
        .where(TAGS.c.key == MLFLOW_PARENT_RUN_ID, TAGS.c.run_uuid.in_(run_ids))
        .where(not_(_has_tag(TAGS, Tag.EVALUATED_RUN)))
    )


def _states(session: Session, rows: Iterable[Any]) -> dict[str, RunState]:
    """The runs with those parameters and tags that Fovea knows."""
    states = {row.run_uuid: _state(row) for row in rows}
    params = select(PARAMS.c.run_uuid, PARAMS.c.key, PARAMS.c.value).where(
        PARAMS.c.run_uuid.in_(states), PARAMS.c.key.in_((*_texts(Param), *THRESHOLD_PARAMS))
    )
    for run_id, key, value in session.execute(params):
        states[run_id].params[key] = value
    tags = select(TAGS.c.run_uuid, TAGS.c.key, TAGS.c.value).where(
        TAGS.c.run_uuid.in_(states), TAGS.c.key.in_(_texts(Tag))
    )
    for run_id, key, value in session.execute(tags):
        states[run_id].tags[key] = value or ""
    return states


def _state(row: Any) -> RunState:
    return RunState(
        run_id=row.run_uuid,
        experiment_id=str(row.experiment_id),
        run_name=row.name or "",
        mlflow_status=row.status,
        start_time_ms=row.start_time,
        end_time_ms=row.end_time,
        deleted=row.lifecycle_stage == LifecycleStage.DELETED,
    )


def _latest(run_ids: Collection[str]) -> Select[Any]:
    columns = (LATEST_METRICS.c.run_uuid, *point_columns(LATEST_METRICS))
    return select(*columns).where(LATEST_METRICS.c.run_uuid.in_(run_ids))


def _without_headlines(states: Mapping[str, RunState]) -> list[str]:
    return [run_id for run_id, state in states.items() if not has_headlines(state.latest)]


def _some_latest(run_ids: Collection[str]) -> Select[Any]:
    """A bounded number of metrics of each run, the first that it has logged."""
    of_each = [
        _latest([run_id]).where(of_training(LATEST_METRICS)).limit(_METRICS_OF_A_RUN).subquery()
        for run_id in run_ids
    ]
    found = union_all(*(select(part) for part in of_each)).subquery()
    return select(found)


def _add_latest(states: Mapping[str, RunState], rows: Iterable[Any]) -> None:
    for row in rows:
        state, newest = states[row.run_uuid], point(row)
        state.latest[newest.name] = newest
        if is_of_training(newest.name) and (
            state.last_step is None or newest.step > state.last_step
        ):
            state.last_step = newest.step


def _last_steps(run_ids: Collection[str]) -> Select[Any]:
    return (
        select(LATEST_METRICS.c.run_uuid, func.max(LATEST_METRICS.c.step))
        .where(LATEST_METRICS.c.run_uuid.in_(run_ids), of_training(LATEST_METRICS))
        .group_by(LATEST_METRICS.c.run_uuid)
    )


def _has_status(wanted: RunStatus | MlflowStatus) -> ColumnElement[bool]:
    """The same decision as effective_status, as an SQL condition."""
    if isinstance(wanted, MlflowStatus):
        return RUNS.c.status == wanted.value
    tag = select(TAGS.c.value).where(
        TAGS.c.run_uuid == RUNS.c.run_uuid, TAGS.c.key == Tag.STATUS.value
    )
    tag_status = func.coalesce(tag.correlate(RUNS).scalar_subquery(), "")
    uses_tag = and_(RUNS.c.status.in_(ACTIVE_STATUSES), tag_status.in_(_texts(RunStatus)))
    tags = [
        status.value
        for status in RunStatus
        if effective_status(MlflowStatus.RUNNING, {Tag.STATUS: status}) == wanted
    ]
    mlflow_statuses = [status.value for status in MlflowStatus if run_status_of(status) == wanted]
    return or_(
        and_(uses_tag, tag_status.in_(tags)),
        and_(not_(uses_tag), RUNS.c.status.in_(mlflow_statuses)),
    )


def _texts(members: Iterable[StrEnum]) -> list[str]:
    # Database drivers treat members of an enumeration differently.
    return [member.value for member in members]
