"""Reads the best runs of many experiments from MLflow's SQL store, with one statement for 500 of them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from api.runs.mlflow_tables import LATEST_METRICS, RUNS, TAGS
from api.runs.ranked_runs import RankedRun, RankedRuns
from api.runs.sql_runs import SqlRuns, in_batches
from api.runs.status import effective_status
from tracking_plugin.names import CANDIDATE_LOSS, Tag


def ranked_runs(runs: SqlRuns, experiment_ids: Collection[str], most: int) -> dict[str, RankedRuns]:
    """At most `most` runs of each experiment of the current workspace that has some."""
    found: dict[str, RankedRuns] = {}
    with runs.session() as session:
        for ids in in_batches(experiment_ids):
            for row in session.execute(_ranked(runs, ids, most)):
                of_one = found.setdefault(str(row.experiment_id), RankedRuns(num_runs=row.num_runs))
                of_one.runs.append(_run(row))
    return found


def _ranked(runs: SqlRuns, experiment_ids: list[str], most: int) -> Select[Any]:
    status, candidate, loss = TAGS.alias(), TAGS.alias(), LATEST_METRICS.alias()
    is_unknown = or_(loss.c.value.is_(None), loss.c.is_nan)
    order = (
        case((candidate.c.value.is_(None), 0), else_=1),
        case((is_unknown, 1), else_=0),
        loss.c.value,
        case((RUNS.c.start_time.is_(None), 1), else_=0),
        RUNS.c.start_time.desc(),
        RUNS.c.run_uuid,
    )
    of_one = RUNS.c.experiment_id
    every = (
        runs.active_runs()
        .where(of_one.in_([int(each) for each in experiment_ids]))
        .add_columns(
            status.c.value.label("status_tag"),
            candidate.c.value.label("candidate"),
            case((is_unknown, None), else_=loss.c.value).label("loss"),
            func.row_number().over(partition_by=of_one, order_by=order).label("place"),
            func.count().over(partition_by=of_one).label("num_runs"),
        )
        .outerjoin(status, _is_tag(status, Tag.STATUS))
        .outerjoin(candidate, _is_tag(candidate, Tag.CANDIDATE))
        .outerjoin(loss, and_(loss.c.run_uuid == RUNS.c.run_uuid, loss.c.key == CANDIDATE_LOSS))
        .subquery()
    )
    return select(every).where(every.c.place <= most).order_by(every.c.experiment_id, every.c.place)


def _is_tag(tags: Any, key: Tag) -> Any:
    return and_(tags.c.run_uuid == RUNS.c.run_uuid, tags.c.key == key.value)


def _run(row: Any) -> RankedRun:
    tags = {} if row.status_tag is None else {str(Tag.STATUS): row.status_tag}
    is_candidate = row.candidate is not None
    return RankedRun(
        run_id=row.run_uuid,
        run_name=row.name or "",
        status=effective_status(row.status, tags),
        is_candidate=is_candidate,
        loss=row.loss if is_candidate else None,
    )
