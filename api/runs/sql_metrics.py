"""Reads metrics from MLflow's SQL store, 100,000 points in a fraction of a second."""

from collections.abc import Callable, Collection, Iterator, Sequence
from math import nan
from typing import Any, TypeVar

from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    Table,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from api.pages import Listed, Page
from api.runs.mlflow_tables import LATEST_METRICS, METRICS
from api.runs.series import Series, once_per_step
from api.runs.source import EpochSpan, SpanEnds
from tracking_plugin.events import LoggedPoint
from tracking_plugin.names import SYSTEM_METRIC_PREFIX

# SQLite allows 500 parts of a UNION, SQL Server 2,100 parameters.
_SPANS_AT_ONCE = 200
_STEPS_AT_ONCE = 500

T = TypeVar("T")

_logged = METRICS.c
_latest = LATEST_METRICS.c


class SqlMetrics:
    """A MetricHistory over one SQL store."""

    def __init__(self, store: SqlAlchemyStore) -> None:
        self._store = store

    def steps(self, run_id: str, page: Page) -> list[int]:
        return self._page(_steps(run_id), page)

    def num_steps(self, run_id: str) -> int:
        return self._count(_steps(run_id))

    def points(self, run_id: str, first_step: int, last_step: int) -> list[LoggedPoint]:
        wanted = (
            select(*point_columns(METRICS))
            .where(*_is_logged_in_training(run_id), _logged.step.between(first_step, last_step))
            .order_by(_logged.step, _logged.timestamp, _logged.value)
        )
        with self._store.ManagedSessionMaker() as session:
            return [point(row) for row in session.execute(wanted)]

    def series(self, run_id: str, metric: str) -> Series:
        wanted = select(_logged.step, _logged.timestamp, _logged.value, _logged.is_nan).where(
            _logged.run_uuid == run_id, _logged.key == metric
        )
        with self._store.ManagedSessionMaker() as session:
            # Building SQLAlchemy's rows would take three times as long as the query.
            cursor = session.connection().execute(wanted).cursor
            rows = cursor.fetchall()
        return once_per_step(
            [row[0] for row in rows],
            [row[1] for row in rows],
            [nan if row[3] else row[2] for row in rows],
        )

    def epochs(self, run_id: str, steps_per_epoch: int, page: Page) -> Listed[int]:
        epoch = (_logged.step - 1) // literal(steps_per_epoch, BigInteger) + 1
        epochs = (
            select(epoch.label("epoch"))
            .where(*_is_logged_in_training(run_id), _logged.step > 0)
            .distinct()
        )
        return Listed(self._page(epochs, page), self._count(epochs))

    def span_ends(
        self, run_id: str, metrics: Collection[str], spans: Sequence[EpochSpan]
    ) -> list[SpanEnds]:
        with self._store.ManagedSessionMaker() as session:
            rows = [
                row
                for part in _batches(spans, _SPANS_AT_ONCE)
                for row in session.execute(_end_steps(run_id, metrics, part))
                if row.first_step is not None
            ]
            steps = sorted({step for row in rows for step in (row.first_step, row.last_step)})
            points = _points_at(session, run_id, metrics, steps)
        return [
            SpanEnds(row.epoch, points[row.key, row.first_step], points[row.key, row.last_step])
            for row in rows
        ]

    def _page(self, values: Select[Any], page: Page) -> list[int]:
        """A page of the only column, descending."""
        [column] = values.selected_columns
        wanted = values.order_by(column.desc()).limit(page.limit).offset(page.offset)
        with self._store.ManagedSessionMaker() as session:
            return list(session.execute(wanted).scalars())

    def _count(self, values: Select[Any]) -> int:
        wanted = select(func.count()).select_from(values.subquery())
        with self._store.ManagedSessionMaker() as session:
            return int(session.execute(wanted).scalar_one())


def point_columns(table: Table) -> list[ColumnElement[Any]]:
    """The columns of a LoggedPoint in the table of all metrics or in that of the latest ones."""
    return [table.c[name] for name in ("key", "step", "timestamp", "value", "is_nan")]


def point(row: Any) -> LoggedPoint:
    return LoggedPoint(row.key, nan if row.is_nan else row.value, row.step, row.timestamp)


def of_training(table: Table) -> ColumnElement[bool]:
    """Excludes the system metrics."""
    return table.c.key.not_like(f"{SYSTEM_METRIC_PREFIX}%")


def _is_logged_in_training(run_id: str) -> list[ColumnElement[bool]]:
    # Naming the metrics lets databases use their index, whose columns are run, name and step.
    names = select(_latest.key).where(_latest.run_uuid == run_id, of_training(LATEST_METRICS))
    return [_logged.run_uuid == run_id, _logged.key.in_(names)]


def _steps(run_id: str) -> Select[Any]:
    return select(_logged.step).where(*_is_logged_in_training(run_id)).distinct()


def _end_steps(run_id: str, metrics: Collection[str], spans: Sequence[EpochSpan]) -> Select[Any]:
    """The first and the last step with a point, by epoch and metric; NULL if there is none."""
    table = _span_table(spans)

    def end(aggregate: Callable[..., ColumnElement[int]]) -> ScalarSelect[int]:
        within = _logged.step.between(table.c.first_step, table.c.last_step)
        found = select(aggregate(_logged.step)).where(
            _logged.run_uuid == run_id, _logged.key == _latest.key, within
        )
        return found.correlate(table, LATEST_METRICS).scalar_subquery()

    # Each end takes one index lookup, however many points lie between.
    first_step, last_step = end(func.min).label("first_step"), end(func.max).label("last_step")
    return (
        select(table.c.epoch, _latest.key, first_step, last_step)
        .select_from(table)
        .join(LATEST_METRICS, true())
        .where(_latest.run_uuid == run_id, _latest.key.in_(metrics))
    )


def _span_table(spans: Sequence[EpochSpan]) -> CTE:
    rows = [
        select(
            literal(span.epoch, BigInteger).label("epoch"),
            literal(span.first_step, BigInteger).label("first_step"),
            literal(span.last_step, BigInteger).label("last_step"),
        )
        for span in spans
    ]
    return union_all(*rows).cte("spans")


def _points_at(
    session: Session, run_id: str, metrics: Collection[str], steps: Sequence[int]
) -> dict[tuple[str, int], LoggedPoint]:
    """The last point logged at each step, by metric and step."""
    found: dict[tuple[str, int], LoggedPoint] = {}
    for part in _batches(steps, _STEPS_AT_ONCE):
        wanted = (
            select(*point_columns(METRICS))
            .where(_logged.run_uuid == run_id, _logged.key.in_(metrics), _logged.step.in_(part))
            .order_by(_logged.timestamp, _logged.value)
        )
        found.update({(row.key, row.step): point(row) for row in session.execute(wanted)})
    return found


def _batches(entries: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (entries[start : start + size] for start in range(0, len(entries), size))
