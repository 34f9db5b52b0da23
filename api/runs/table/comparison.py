"""Runs side by side: every param and the newest value of every metric."""

import math
from collections.abc import Mapping, Sequence

from api.runs.metric_values import finite
from api.runs.table.read_rows import ReadRow
from api.runs.table.run_table import cut, run_row
from api.runs.table.schemas import ComparedMetric, ComparedParam, RunComparison, RunRow
from api.runs.table.sql_table import SqlTable

MOST_NAMES = 2_000
"""Of the params and of the metrics; a run may log one metric for each layer."""


def compare_runs(table: SqlTable, run_ids: Sequence[str], now_ms: int) -> RunComparison:
    """The runs in the given order, without those that do not exist."""
    asked = list(dict.fromkeys(run_ids))
    found = table.some(asked)
    runs = [found[run_id] for run_id in asked if run_id in found]
    params = _names([run.params for run in runs])
    metrics = _names([run.metrics for run in runs])
    return RunComparison(
        runs=[_without_columns(run, now_ms) for run in runs],
        missing=[run_id for run_id in asked if run_id not in found],
        params=[_compared_param(name, runs) for name in params[:MOST_NAMES]],
        metrics=[_compared_metric(name, runs) for name in metrics[:MOST_NAMES]],
        num_params=len(params),
        num_metrics=len(metrics),
    )


def _without_columns(run: ReadRow, now_ms: int) -> RunRow:
    return run_row(run, (), now_ms).model_copy(
        update={"params": {}, "metrics": {}, "not_finite": {}}
    )


def _names(of_runs: Sequence[Mapping[str, object]]) -> list[str]:
    return sorted({name for names in of_runs for name in names})


def _compared_param(name: str, runs: Sequence[ReadRow]) -> ComparedParam:
    values = [run.params.get(name) for run in runs]
    return ComparedParam(
        name=name,
        values=[None if value is None else cut(value) for value in values],
        differs=len(set(values)) > 1,
    )


def _compared_metric(name: str, runs: Sequence[ReadRow]) -> ComparedMetric:
    stored = [run.metrics.get(name) for run in runs]
    values = [None if value is None else finite(value) for value in stored]
    # NaN differs from NaN, and is the same result all the same.
    distinct = {"NaN" if value is not None and math.isnan(value) else value for value in stored}
    return ComparedMetric(
        name=name,
        values=[None if value is None else value.value for value in values],
        not_finite=[None if value is None else value.not_finite for value in values],
        differs=len(distinct) > 1,
    )
