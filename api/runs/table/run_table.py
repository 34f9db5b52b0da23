"""The table of runs as frontends show it: rows, groups, names and comparisons."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from api.pages import Listed, Page
from api.runs.metric_values import finite
from api.runs.schemas import NotFinite
from api.runs.status import effective_status
from api.runs.table.fields import FieldKind, RunField
from api.runs.table.natural_order import in_natural_order
from api.runs.table.query import RunSelection, TableQuery
from api.runs.table.read_rows import ReadRow
from api.runs.table.schemas import LONGEST_VALUE, LoggedNames, RunGroup, RunRow
from api.runs.table.spread import spread
from api.runs.table.sql_table import SqlTable
from api.timestamps import utc
from tracking_plugin.mlflow_status import ACTIVE_STATUSES
from tracking_plugin.names import Tag


def table_rows(table: SqlTable, query: TableQuery, page: Page, now_ms: int) -> Listed[RunRow]:
    """A page of the matching runs."""
    shown = {field.name for field in query.columns if field.kind == FieldKind.TAGS}
    found = table.rows(query, page, now_ms)
    return Listed([run_row(row, shown, now_ms) for row in found.entries], found.total)


def run_row(read: ReadRow, tags: Collection[str], now_ms: int) -> RunRow:
    """The row, with those of its tags that `tags` names."""
    row = read.row
    metrics, not_finite = _finite_values(read)
    return RunRow(
        run_id=row.run_uuid,
        run_name=row.name or "",
        experiment_id=str(row.experiment_id),
        experiment_name=row.experiment_name,
        status=effective_status(row.status, read.tags),
        alert=read.tags.get(Tag.ALERT),
        start_time=None if row.start_time is None else utc(row.start_time),
        end_time=None if row.end_time is None else utc(row.end_time),
        duration_s=_duration_s(read, now_ms),
        parent_run_id=read.tags.get(MLFLOW_PARENT_RUN_ID),
        num_children=read.num_children,
        params={name: cut(value) for name, value in read.params.items()},
        metrics=metrics,
        not_finite=not_finite,
        tags={name: cut(value) for name, value in read.tags.items() if name in tags},
    )


def run_groups(
    table: SqlTable, selection: RunSelection, by: RunField, metrics: Sequence[str], page: Page
) -> Listed[RunGroup]:
    """All matching runs by their value of `by`; numbers first, those without a value last."""
    grouped = table.grouped(selection, by, metrics)
    values: dict[str | None, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    num_runs: dict[str | None, int] = defaultdict(int)
    for value in grouped.values.values():
        num_runs[value] += 1
    for run_id, name, number in grouped.newest:
        values[grouped.values[run_id]][name].append(number)
    ordered = page.of(in_natural_order([(value, value) for value in sorted(num_runs, key=str)]))
    groups = [
        RunGroup(
            value=None if value is None else cut(value),
            is_cut=value is not None and len(value) > LONGEST_VALUE,
            num_runs=num_runs[value],
            metrics={name: spread(values[value][name]) for name in metrics},
        )
        for value in ordered
    ]
    return Listed(groups, len(num_runs))


def logged_names(
    table: SqlTable, kind: FieldKind, selection: RunSelection, contained: str, limit: int
) -> LoggedNames:
    """The first `limit` names of this kind that contain a text."""
    found = table.names(kind, selection, contained, limit + 1)
    return LoggedNames(names=found[:limit], is_complete=len(found) <= limit)


def cut(text: str) -> str:
    """The text as far as a table shows it."""
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _finite_values(read: ReadRow) -> tuple[dict[str, float | None], dict[str, NotFinite]]:
    values = {name: finite(value) for name, value in read.metrics.items()}
    not_finite = {name: it.not_finite for name, it in values.items() if it.not_finite is not None}
    return {name: it.value for name, it in values.items()}, not_finite


def _duration_s(read: ReadRow, now_ms: int) -> float | None:
    row = read.row
    end_ms = now_ms if row.end_time is None and row.status in ACTIVE_STATUSES else row.end_time
    if row.start_time is None or end_ms is None:
        return None
    return float(max(0, end_ms - row.start_time)) / 1000
