"""Reads pages of the table of runs from MLflow's SQL store, with a few statements per page."""

from collections.abc import Collection, Mapping, Sequence
from math import nan
from typing import Any

from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from api.errors import UnprocessableError
from api.pages import Listed, Page
from api.runs.mlflow_tables import EXPERIMENTS, LATEST_METRICS, RUNS, TAGS
from api.runs.sql_metrics import point
from api.runs.sql_runs import NEWEST_FIRST, SqlRuns, in_batches
from api.runs.table.fields import TEXT_KINDS, Attribute, FieldKind, RunField
from api.runs.table.natural_order import in_natural_order
from api.runs.table.query import RunSelection, TableQuery
from api.runs.table.read_rows import GroupedRuns, ReadRow
from api.runs.table.sql_selection import LOGGED_TABLES, SqlSelection, values_of
from tracking_plugin.names import Tag

MOST_IN_MEMORY = 100_000
"""Runs that can be sorted or grouped by a param or a tag, whose texts no database orders as numbers."""

_NEEDED_TAGS = (MLFLOW_PARENT_RUN_ID, Tag.STATUS.value, Tag.ALERT.value)


class SqlTable:
    """The table of one SQL store."""

    def __init__(self, store: SqlAlchemyStore, runs: SqlRuns) -> None:
        self._store = store
        self._selection = SqlSelection(store, runs)

    def rows(self, query: TableQuery, page: Page, now_ms: int) -> Listed[ReadRow]:
        """A page of the matching runs, with the asked columns."""
        with self._store.ManagedSessionMaker() as session:
            wanted = self._selection.rows(session, query.selection)
            total = _count(session, wanted)
            if query.order_by.kind in TEXT_KINDS:
                ids = page.of(_ids_by_text(session, wanted, query, total))
                found = session.execute(wanted.where(RUNS.c.run_uuid.in_(ids))).all()
                by_id = {row.run_uuid: row for row in found}
                rows = [by_id[run_id] for run_id in ids if run_id in by_id]
            else:
                ordered = _ordered(wanted, query, now_ms).limit(page.limit).offset(page.offset)
                rows = list(session.execute(ordered).all())
            read = {row.run_uuid: ReadRow(row) for row in rows}
            _add_logged(session, read, query.columns)
            self._add_num_children(session, read, query.selection)
        return Listed(list(read.values()), total)

    def some(self, run_ids: Collection[str]) -> dict[str, ReadRow]:
        """Those of a few runs that exist, with all their params and newest metrics."""
        with self._store.ManagedSessionMaker() as session:
            wanted = self._selection.rows(session, RunSelection())
            rows = session.execute(wanted.where(RUNS.c.run_uuid.in_(run_ids))).all()
            read = {row.run_uuid: ReadRow(row) for row in rows}
            _add_logged(session, read, ())
            for kind in (FieldKind.PARAMS, FieldKind.METRICS):
                _add(session, read, kind, None)
        return read

    def grouped(
        self, selection: RunSelection, by: RunField, metrics: Collection[str]
    ) -> GroupedRuns:
        """The value of `by` of every matching run, and their newest values of the metrics."""
        with self._store.ManagedSessionMaker() as session:
            wanted = self._selection.rows(session, selection)
            _require_few(_count(session, wanted), by)
            table, is_of_run = values_of(by)
            values = wanted.outerjoin(table, is_of_run).with_only_columns(
                RUNS.c.run_uuid, table.c.value
            )
            grouped = GroupedRuns({row.run_uuid: row.value for row in session.execute(values)})
            ids = wanted.subquery()
            newest = (
                select(*(LATEST_METRICS.c[name] for name in ("run_uuid", "key", "value", "is_nan")))
                .join(ids, ids.c.run_uuid == LATEST_METRICS.c.run_uuid)
                .where(LATEST_METRICS.c.key.in_(metrics))
            )
            if metrics:
                # Building SQLAlchemy's rows would take longer than the query.
                rows = session.connection().execute(newest).cursor.fetchall()
                grouped.newest = [(row[0], row[1], nan if row[3] else row[2]) for row in rows]
        return grouped

    def names(
        self, kind: FieldKind, selection: RunSelection, contained: str, limit: int
    ) -> list[str]:
        """At most `limit` names of this kind that a matching run has, in alphabetical order."""
        table = LOGGED_TABLES[kind]
        with self._store.ManagedSessionMaker() as session:
            ids = self._selection.matching_ids(session, selection)
            names = select(table.c.key).where(table.c.run_uuid.in_(ids)).distinct()
            if contained != "":
                text = contained.replace("\0", "\ufffd")
                names = names.where(table.c.key.icontains(text, autoescape=True))
            return list(session.execute(names.order_by(table.c.key).limit(limit)).scalars())

    def _add_num_children(
        self, session: Session, read: Mapping[str, ReadRow], selection: RunSelection
    ) -> None:
        ids = self._selection.matching_ids(session, selection)
        children = (
            select(TAGS.c.value, func.count())
            .where(TAGS.c.key == MLFLOW_PARENT_RUN_ID, TAGS.c.value.in_(list(read)))
            .where(TAGS.c.value != TAGS.c.run_uuid, TAGS.c.run_uuid.in_(ids))
            .group_by(TAGS.c.value)
        )
        if read:
            for parent, number in session.execute(children):
                read[parent].num_children = number


def _count(session: Session, wanted: Select[Any]) -> int:
    return int(session.execute(select(func.count()).select_from(wanted.subquery())).scalar_one())


def _ordered(wanted: Select[Any], query: TableQuery, now_ms: int) -> Select[Any]:
    if query.order_by.kind == FieldKind.METRICS:
        table, is_of_run = values_of(query.order_by)
        value: ColumnElement[Any] = table.c.value
        # A run without a number comes last, whatever the direction.
        comes_last = case((value.is_(None), 2), (table.c.is_nan, 1), else_=0)
        wanted = wanted.outerjoin(table, is_of_run)
    else:
        value = _attribute(query.order_by.name, now_ms)
        comes_last = case((value.is_(None), 1), else_=0)
    direction = value.desc() if query.is_descending else value.asc()
    return wanted.order_by(comes_last, direction, *NEWEST_FIRST)


def _attribute(name: str, now_ms: int) -> ColumnElement[Any]:
    columns: Mapping[str, ColumnElement[Any]] = {
        Attribute.START_TIME: RUNS.c.start_time,
        Attribute.END_TIME: RUNS.c.end_time,
        Attribute.DURATION: func.coalesce(RUNS.c.end_time, now_ms) - RUNS.c.start_time,
        Attribute.RUN_NAME: RUNS.c.name,
        Attribute.STATUS: RUNS.c.status,
        Attribute.EXPERIMENT: EXPERIMENTS.c.name,
    }
    return columns[name]


def _ids_by_text(
    session: Session, wanted: Select[Any], query: TableQuery, total: int
) -> Sequence[str]:
    _require_few(total, query.order_by)
    table, is_of_run = values_of(query.order_by)
    values = (
        wanted.outerjoin(table, is_of_run)
        .with_only_columns(RUNS.c.run_uuid, table.c.value)
        .order_by(*NEWEST_FIRST)
    )
    found = [(row.run_uuid, row.value) for row in session.execute(values)]
    return in_natural_order(found, is_descending=query.is_descending)


def _require_few(total: int, by: RunField) -> None:
    if total > MOST_IN_MEMORY:
        raise UnprocessableError(
            f"{total} runs match, and at most {MOST_IN_MEMORY} can be sorted or grouped by "
            f"{by.kind}: filter them first"
        )


def _add_logged(session: Session, read: Mapping[str, ReadRow], columns: Sequence[RunField]) -> None:
    for kind in LOGGED_TABLES:
        names = {field.name for field in columns if field.kind == kind}
        if kind == FieldKind.TAGS:
            names.update(_NEEDED_TAGS)
        if names:
            _add(session, read, kind, names)


def _add(
    session: Session, read: Mapping[str, ReadRow], kind: FieldKind, names: Collection[str] | None
) -> None:
    """Adds the values with these names, or all."""
    table = LOGGED_TABLES[kind]
    for ids in in_batches(read):
        wanted = select(table).where(table.c.run_uuid.in_(ids))
        if names is not None:
            wanted = wanted.where(table.c.key.in_(names))
        for row in session.execute(wanted):
            if kind == FieldKind.METRICS:
                read[row.run_uuid].metrics[row.key] = point(row).value
            else:
                read[row.run_uuid].texts[kind][row.key] = row.value or ""
