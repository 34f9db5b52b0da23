"""Puts the params and the newest metrics of several runs side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.reports.metric_rows import MetricRow, metric_rows
from api.runs.state import RunState

MOST_ROWS = 200


@dataclass(frozen=True)
class ComparedParams:
    """Values in the order of the runs; None for a run without the param."""

    differing: list[tuple[str, list[str | None]]]
    same: list[tuple[str, str]]
    num_more: int


def compared_params(params: Sequence[Mapping[str, str]]) -> ComparedParams:
    names = sorted({name for of_run in params for name in of_run})
    values = {name: [of_run.get(name) for of_run in params] for name in names}
    differing = [(name, each) for name, each in values.items() if len(set(each)) > 1]
    same = [(name, each[0] or "") for name, each in values.items() if len(set(each)) == 1]
    return ComparedParams(
        differing=differing[:MOST_ROWS],
        same=same[:MOST_ROWS],
        num_more=max(0, len(differing) - MOST_ROWS) + max(0, len(same) - MOST_ROWS),
    )


def compared_metrics(runs: Sequence[RunState]) -> list[tuple[str, list[MetricRow | None]]]:
    """The metrics that most runs have come first, measures of quality before others."""
    rows: list[Mapping[str, MetricRow]] = [
        {row.name: row for row in metric_rows(run)} for run in runs
    ]
    names = list(dict.fromkeys(name for of_run in rows for name in of_run))
    found = [(name, [of_run.get(name) for of_run in rows]) for name in names]
    return sorted(found, key=_num_missing)[:MOST_ROWS]


def _num_missing(compared: tuple[str, list[MetricRow | None]]) -> int:
    return compared[1].count(None)
