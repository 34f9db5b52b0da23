"""Renders the facts about runs as one HTML page that loads nothing else."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from api.reports.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, line_chart
from api.reports.compared import compared_metrics, compared_params
from api.reports.facts import ReportFacts, RunFacts
from api.reports.limits import (
    evaluation_title,
    independent_evaluations,
    limits_of,
    limits_of_comparison,
)
from api.reports.metric_rows import MOST_METRICS, metric_rows, num_of_machine
from api.reports.numbers import Numbers
from api.reports.schemas import Language
from api.reports.words import Words
from api.runs.headlines import headline_names
from api.runs.metric_classifier import classify
from api.runs.series import Series
from api.runs.source import is_of_training
from api.version import own_version
from tracking_plugin.printable import printable_lines

MOST_PARAMS = 300
LONGEST_VALUE = 500
MOST_CHARTS = 16
MOST_MAIN_RESULTS = 6
RUNS_PER_TABLE = 5

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
"""The page's Content-Security-Policy: no script, and nothing from outside."""


@dataclass(frozen=True)
class MainResult:
    name: str
    text: str


def render_report(facts: ReportFacts, language: Language) -> str:
    """The page; everything that a client has logged is escaped."""
    t, numbers = Words(language), Numbers(language)
    is_comparison = len(facts.runs) > 1
    template = "comparison.html" if is_comparison else "card.html"
    context = _of_comparison(facts, t, numbers) if is_comparison else _of_run(facts, t, numbers)
    return (
        _environment()
        .get_template(template)
        .render(
            t=t,
            n=numbers,
            language=str(language),
            policy=POLICY,
            made=t("made", when=numbers.time(facts.made_ms), version=own_version()),
            plot={
                "width": WIDTH,
                "height": HEIGHT,
                "left": LEFT,
                "right": WIDTH - RIGHT,
                "top": TOP,
                "bottom": HEIGHT - BOTTOM,
            },
            facts=facts,
            cut=cut,
            title_of=lambda it: evaluation_title(it, t),
            **context,
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("api.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = _clean
    return environment


def _clean(text: object) -> str:
    """Without control characters, which HTML cannot hold, and those that reverse other text."""
    return printable_lines(str(text))


def _of_run(facts: ReportFacts, t: Words, numbers: Numbers) -> Mapping[str, Any]:
    [run] = facts.runs
    rows = metric_rows(run.state)
    params = sorted(run.mlflow.params.items())
    return {
        "run": run,
        "project": facts.project,
        "title": facts.project.project_name if facts.project else run.state.run_name,
        "limits": limits_of(run, t, facts.project),
        "main_results": main_results(run, numbers),
        "are_independent": bool(independent_evaluations(run)),
        "metric_rows": rows[:MOST_METRICS],
        "num_more_metrics": max(0, len(rows) - MOST_METRICS),
        "num_of_machine": num_of_machine(run.state),
        "charts": _charts(run.logged.curves, numbers),
        "params": [(name, cut(value)) for name, value in params[:MOST_PARAMS]],
        "num_more_params": max(0, len(params) - MOST_PARAMS),
        "commands": [(each, _arguments(each.arguments)) for each in run.commands.entries],
    }


def _of_comparison(facts: ReportFacts, t: Words, numbers: Numbers) -> Mapping[str, Any]:
    runs = list(enumerate(facts.runs, start=1))
    params = compared_params([run.mlflow.params for run in facts.runs])
    return {
        "title": t("comparison", num=len(facts.runs)),
        "runs": runs,
        "parts": [runs[at : at + RUNS_PER_TABLE] for at in range(0, len(runs), RUNS_PER_TABLE)],
        "limits": limits_of_comparison(facts, t),
        "results_of": {run.state.run_id: main_results(run, numbers) for run in facts.runs},
        "charts": _overlaid(facts.runs, numbers),
        "metrics": compared_metrics([run.state for run in facts.runs]),
        "params": params.differing,
        "same_params": params.same,
        "num_more_params": params.num_more,
    }


def main_results(run: RunFacts, numbers: Numbers) -> list[MainResult]:
    """Of the first independent evaluation; without one, the headlines of the newest values."""
    for evaluation in independent_evaluations(run):
        found = [
            MainResult(name, numbers.estimate(estimate))
            for name, estimate in evaluation.metrics.items()
            if estimate.value is not None
        ]
        if found:
            return sorted(found, key=lambda it: "(" not in it.text)[:MOST_MAIN_RESULTS]
    latest = run.state.latest
    names = headline_names(filter(is_of_training, latest))
    return [
        MainResult(name, numbers.value(latest[name].value)) for name in names[:MOST_MAIN_RESULTS]
    ]


def cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _arguments(text: str | None) -> str:
    """The arguments of a command, which are stored as JSON."""
    if not text:
        return ""
    fields = json.loads(text)
    return cut(", ".join(f"{name}={value}" for name, value in fields.items()))


def _charts(curves: Mapping[str, Series], numbers: Numbers) -> list[Chart]:
    """Metrics that the dashboard draws in one chart share one here, too."""
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in curves:
        found = classify(name)
        shared[(found.group or "", found.measure if found.group else name)].append(name)
    return [
        line_chart(_title(names), [(name, curves[name]) for name in names], numbers)
        for names in list(shared.values())[:MOST_CHARTS]
    ]


def _title(names: list[str]) -> str:
    return names[0] if len(names) == 1 else classify(names[0]).measure


def _overlaid(runs: Iterable[RunFacts], numbers: Numbers) -> list[Chart]:
    """One chart for each metric that most runs have."""
    by_metric: dict[str, list[tuple[str, Series]]] = defaultdict(list)
    for number, run in enumerate(runs, start=1):
        for name, series in run.logged.curves.items():
            by_metric[name].append((str(number), series))
    ordered = sorted(by_metric.items(), key=lambda item: -len(item[1]))
    return [line_chart(name, lines, numbers) for name, lines in ordered[:MOST_CHARTS]]
