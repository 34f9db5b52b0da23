"""`fovea alerts test`: replay a past run and print the alerts that rules would have fired."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.alerts.builtin import load_rules, rules_of_run
from api.alerts.replay import RuleReplay, replay
from api.alerts.rules import Rule
from api.alerts.state_machine import AlertState, Evaluation
from api.cli.plain_text import NOTHING, number
from api.cli.run_choice import resolve_run
from api.cli.run_text import LEVEL_STYLES
from api.client import FoveaClient
from api.client.server_address import chosen_uri
from api.errors import ApiError
from api.runs.critical_thresholds import critical_thresholds
from api.runs.series import Series, once_per_step
from api.timestamps import utc
from tracking_plugin.adopted_server import adopt_server
from tracking_plugin.printable import printable
from tracking_plugin.server_address import AddressError
from tracking_plugin.server_environment import read_environment

HEADS = ("step", "time", "alert", "level", "metric", "value", "bound", "cases", "95% interval")


@dataclass(frozen=True, kw_only=True)
class AlertsTestRequest:
    """The options of `fovea alerts test`."""

    rules: Path | None
    run: str | None
    url: str | None


def run_alerts_test(request: AlertsTestRequest, console: Console) -> None:
    """Print the alerts that would have fired; raises ApiError for bad rules or an unknown run."""
    file = load_rules(request.rules)
    with FoveaClient(request.url) as client:
        run_id = resolve_run(client, request.run)
    try:
        # MLflow's client needs the user and the password, too, that may be part of the address.
        mlflow = MlflowClient(adopt_server(chosen_uri(request.url, read_environment().uri)))
        run = mlflow.get_run(run_id)
        rules = rules_of_run(file, critical_thresholds(run.data.params))
        replays = replay(rules, _history(mlflow, run_id, run.data.metrics, rules))
    except (AddressError, MlflowException) as error:
        raise ApiError(f"MLflow did not give the run's history: {error}") from error
    _show(replays, console)
    remarks = console if console.is_terminal else Console(stderr=True)
    for line in _remarks(replays, file.rules):
        remarks.print(line, highlight=False, markup=False, soft_wrap=True)


def alert_lines(replays: Iterable[RuleReplay]) -> Iterator[list[str]]:
    """The cells under HEADS, one line for each change, ordered by step."""
    changes = [(each, change) for each in replays for change in each.changes]
    for each, change in sorted(changes, key=lambda pair: (pair[1].sample.step, pair[0].rule.name)):
        sample, interval = change.sample, change.evidence.interval
        yield [
            str(sample.step),
            f"{utc(sample.timestamp_ms):%Y-%m-%dT%H:%M:%SZ}",
            printable(each.rule.name),
            _level(change),
            printable(each.metric),
            number(sample.value),
            number(change.result.threshold),
            NOTHING if sample.support is None else str(sample.support),
            NOTHING if interval is None else f"{interval[0]:.3f}-{interval[1]:.3f}",
        ]


def _level(change: Evaluation) -> str:
    if change.after.state is not AlertState.FIRING:
        return str(change.after.state)
    return str(change.after.level)


def _history(
    mlflow: MlflowClient, run_id: str, names: Iterable[str], rules: Sequence[Rule]
) -> dict[str, Series]:
    """All points of the metrics that the rules match, and of their supports."""
    logged = set(names)
    matched = [
        (name, rule) for name in logged for rule in rules if rule.metric.match(name) is not None
    ]
    supports = {rule.support_of(name) for name, rule in matched}
    wanted = {name for name, _ in matched} | (logged & supports)
    return {name: _series(mlflow, run_id, name) for name in sorted(wanted)}


def _series(mlflow: MlflowClient, run_id: str, name: str) -> Series:
    points = mlflow.get_metric_history(run_id, name)
    return once_per_step(
        [point.step for point in points],
        [point.timestamp for point in points],
        [point.value for point in points],
    )


def _show(replays: Sequence[RuleReplay], console: Console) -> None:
    lines = list(alert_lines(replays))
    if not console.is_terminal:
        for line in lines:
            print("\t".join(line))
        return
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    for head in HEADS:
        table.add_column(head, no_wrap=head != "metric")
    for line in lines:
        table.add_row(*(Text(cell, LEVEL_STYLES.get(line[3], "")) for cell in line))
    if lines:
        console.print(table)


def _remarks(replays: Sequence[RuleReplay], written: Sequence[Rule]) -> Iterator[str]:
    """Remarks that the table of alerts does not show."""
    num_fired = sum(
        change.before.state is not AlertState.FIRING for each in replays for change in each.changes
    )
    num_evaluations = sum(len(each.evaluations) for each in replays)
    yield f"{num_fired} alerts in {num_evaluations:,} evaluations"
    for each in replays:
        if any(evaluation.evidence.is_insufficient for evaluation in each.evaluations):
            yield (
                f"{printable(each.rule.name)}: {printable(each.metric)} was measured on too few cases "
                "to prove that the bound is kept, even where no alert fired"
            )
    matched = {each.rule.name for each in replays}
    for rule in written:
        if rule.name not in matched:
            yield f"{printable(rule.name)}: the run has no metric {printable(rule.metric.text)}"
