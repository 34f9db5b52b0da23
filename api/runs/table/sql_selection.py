"""Selects the runs of the table in MLflow's SQL store."""

from typing import Any

from mlflow.store.tracking.dbmodels.models import SqlRun
from mlflow.store.tracking.sqlalchemy_store import (
    SqlAlchemyStore,
    _get_sqlalchemy_filter_clauses,
)
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from sqlalchemy import ColumnElement, Select, Table, exists, not_, or_, select
from sqlalchemy.orm import Session

from api.runs.mlflow_tables import LATEST_METRICS, PARAMS, RUNS, TAGS
from api.runs.sql_runs import SqlRuns
from api.runs.table.fields import FieldKind, RunField
from api.runs.table.query import Group, RunSelection
from api.runs.table.run_filter import mlflow_refusals

LOGGED_TABLES = {
    FieldKind.PARAMS: PARAMS,
    FieldKind.METRICS: LATEST_METRICS,
    FieldKind.TAGS: TAGS,
}


class SqlSelection:
    """Makes the statements; the caller runs them in the session that it gives."""

    def __init__(self, store: SqlAlchemyStore, runs: SqlRuns) -> None:
        self._store = store
        self._runs = runs

    def rows(self, session: Session, wanted: RunSelection) -> Select[Any]:
        """The matching runs, with the columns of SqlRuns.active_runs."""
        found = self._matching(session, wanted)
        if wanted.parent is not None:
            found = found.where(_has_parent(wanted.parent))
        if wanted.is_top_level:
            ids = select(self._matching(session, wanted).subquery().c.run_uuid)
            tags = TAGS.alias()
            is_child = exists().where(
                tags.c.key == MLFLOW_PARENT_RUN_ID,
                tags.c.run_uuid == RUNS.c.run_uuid,
                tags.c.value != RUNS.c.run_uuid,
                tags.c.value.in_(ids),
            )
            found = found.where(not_(is_child))
        return found

    def matching_ids(self, session: Session, wanted: RunSelection) -> Select[Any]:
        """The ids of the matching runs, at whatever place of the tree."""
        return select(self._matching(session, wanted).subquery().c.run_uuid)

    def _matching(self, session: Session, wanted: RunSelection) -> Select[Any]:
        conditions: list[ColumnElement[bool]] = []
        if wanted.experiment is not None:
            conditions.append(self._runs.is_in_experiment(session, wanted.experiment))
        if wanted.name != "":
            conditions.append(_is_named(wanted.name.replace("\0", "\ufffd")))
        if wanted.group is not None:
            conditions.append(_is_in_group(wanted.group))
        if wanted.comparisons:
            conditions.append(RUNS.c.run_uuid.in_(self._by_mlflow(session, wanted)))
        return self._runs.active_runs().where(*conditions)

    def _by_mlflow(self, session: Session, wanted: RunSelection) -> Select[Any]:
        """MLflow's own statement for the filter, so that both find the same runs."""
        with mlflow_refusals():
            attributes, logged, datasets = _get_sqlalchemy_filter_clauses(
                wanted.comparisons,
                session,
                self._store._get_dialect(),  # noqa: SLF001 - it has no public name
            )
        found: Select[Any] = select(SqlRun.run_uuid)
        for part in logged:
            found = found.join(part)
        for part in datasets:
            found = found.join(part, SqlRun.run_uuid == part.c.destination_id)
        return found.where(*attributes)


def values_of(field: RunField) -> tuple[Table, ColumnElement[bool]]:
    """The table of a logged value, and the condition that joins it to the runs."""
    table = LOGGED_TABLES[field.kind]
    return table, (table.c.run_uuid == RUNS.c.run_uuid) & (table.c.key == field.name)


def _has_parent(run_id: str) -> ColumnElement[bool]:
    tags = TAGS.alias()
    return exists().where(
        tags.c.key == MLFLOW_PARENT_RUN_ID,
        tags.c.run_uuid == RUNS.c.run_uuid,
        tags.c.value == run_id.replace("\0", "\ufffd"),
    )


def _is_named(text: str) -> ColumnElement[bool]:
    return or_(
        RUNS.c.name.icontains(text, autoescape=True),
        RUNS.c.run_uuid.startswith(text.lower(), autoescape=True),
    )


def _is_in_group(group: Group) -> ColumnElement[bool]:
    table = LOGGED_TABLES[group.field.kind].alias()
    has_field = [table.c.run_uuid == RUNS.c.run_uuid, table.c.key == group.field.name]
    if group.value is None:
        return not_(exists().where(*has_field))
    return exists().where(*has_field, table.c.value == group.value.replace("\0", "\ufffd"))
