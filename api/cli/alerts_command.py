"""`fovea alerts` and `fovea ack`: list alerts, test rules on a past run, acknowledge alerts."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.alerts.schemas import AlertLevel, CriticalAlert
from api.alerts.state_machine import AlertState
from api.cli.options import AsJson, Url
from api.cli.plain_text import NOTHING, age, number
from api.cli.run_choice import SHORT_ID_LENGTH, resolve_run
from api.cli.run_text import LEVEL_STYLES
from api.client import FoveaClient
from api.errors import ApiError
from tracking_plugin.printable import printable

MAX_ALERTS = 1000
_ID_LENGTH = 32


commands = typer.Typer()
alerts_commands = typer.Typer(invoke_without_command=True)
commands.add_typer(alerts_commands, name="alerts")


class AlertChoiceError(ApiError):
    """The given id names no alert, or several."""


@dataclass(frozen=True, kw_only=True)
class AlertsRequest:
    """The options of `fovea alerts`."""

    run: str | None
    url: str | None
    with_resolved: bool
    only_critical: bool
    as_json: bool


@alerts_commands.callback(
    epilog="In a pipe, each alert is a line of tab-separated id, state, level, alert, run, metric, "
    "step, value, bound, start and user who acknowledged it."
)
def alerts(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Option(help="Only one run: its id, the beginning of its id, or its name."),
    ] = None,
    url: Url = None,
    *,
    with_resolved: Annotated[
        bool, typer.Option("--all", help="Also show resolved alerts.")
    ] = False,
    only_critical: Annotated[
        bool, typer.Option("--critical", help="Only show critical alerts.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the open alerts, or test rules on a past run."""
    if context.invoked_subcommand is None:
        request = AlertsRequest(
            run=run,
            url=url,
            with_resolved=with_resolved,
            only_critical=only_critical,
            as_json=as_json,
        )
        show_alerts(request, Console())


@alerts_commands.command(
    "test",
    epilog="In a pipe, each change is a line of tab-separated step, time, alert, level, metric, "
    "value, bound, cases and interval.",
)
def alerts_test(
    rules: Annotated[
        Path | None,
        typer.Argument(help="File of rules; by default only the built-in ones."),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(help="Id, beginning of an id, or name; default: the newest active run."),
    ] = None,
    url: Url = None,
) -> None:
    """Test rules on a past run: which alerts would have fired, and when."""
    # Importing MLflow takes seconds, and no other command needs it.
    from api.cli.alerts_test_command import AlertsTestRequest, run_alerts_test  # noqa: PLC0415

    run_alerts_test(AlertsTestRequest(rules=rules, run=run, url=url), Console())


@commands.command()
def ack(
    alert_ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ALERT", help="Ids of alerts, or beginnings of ids.", show_default=False
        ),
    ],
    note: Annotated[
        str, typer.Option(help="Cause of the alert, or action taken.", show_default=False)
    ] = "",
    url: Url = None,
) -> None:
    """Acknowledge alerts: they stay open, but send no more reminders."""
    with FoveaClient(url) as client:
        acknowledge(client, alert_ids, note, Console())


def show_alerts(request: AlertsRequest, console: Console) -> None:
    """Print the alerts, the last one that changed first."""
    with FoveaClient(request.url) as client:
        listed = client.alerts(
            run_id=None if request.run is None else resolve_run(client, request.run),
            state=None if request.with_resolved else AlertState.FIRING,
            level=AlertLevel.CRITICAL if request.only_critical else None,
            limit=MAX_ALERTS,
        )
    found = listed.entries
    if request.as_json:
        documents = [alert.model_dump(mode="json") for alert in found]
        print(json.dumps(documents, indent=2), file=console.file)
    elif not console.is_terminal:
        for line in alert_rows(found):
            print("\t".join(line), file=console.file)
    elif found:
        console.print(_table(found, datetime.now(UTC)))
    else:
        console.print("No alerts." if request.with_resolved else "No open alerts.")
    if num_left := listed.total - len(found):
        Console(stderr=True).print(f"{num_left:,} more are not shown: name a run with --run")


def acknowledge(client: FoveaClient, names: Sequence[str], note: str, console: Console) -> None:
    """Acknowledge alerts in order; raises ApiError at the first that is unknown or acknowledged."""
    for alert_id in [_resolve_alert(client, name) for name in names]:
        alert = client.acknowledge(alert_id, note=note)
        line = f"{alert.condition} of run {alert.run_id[:SHORT_ID_LENGTH]} is acknowledged"
        console.print(printable(line), highlight=False, markup=False)


def alert_rows(alerts: Iterable[CriticalAlert]) -> Iterator[list[str]]:
    """Id, state, level, alert, run, metric, step, value, bound, start, user who acknowledged it."""
    for alert in alerts:
        yield [
            alert.alert_id,
            alert.state,
            alert.level,
            printable(alert.condition),
            alert.run_id,
            printable(alert.metric),
            str(alert.step),
            _value(alert),
            number(alert.threshold),
            f"{alert.started_at:%Y-%m-%dT%H:%M:%SZ}",
            printable(alert.acknowledged_by or NOTHING),
        ]


def _value(alert: CriticalAlert) -> str:
    return str(alert.not_finite) if alert.not_finite is not None else number(alert.current_value)


def _table(alerts: Iterable[CriticalAlert], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    for heading in ("level", "alert", "id", "run"):
        table.add_column(heading, no_wrap=True)
    table.add_column("message")
    for heading in ("since", "acknowledged"):
        table.add_column(heading, no_wrap=True)
    for alert in alerts:
        is_open = alert.state is AlertState.FIRING
        table.add_row(
            Text(
                f"! {alert.level}" if is_open else alert.state, LEVEL_STYLES[alert.level] * is_open
            ),
            Text(printable(alert.condition, 24)),
            Text(alert.alert_id[:SHORT_ID_LENGTH]),
            Text(alert.run_id[:SHORT_ID_LENGTH]),
            Text(printable(alert.message)),
            Text(age(alert.started_at, now)),
            Text(printable(alert.acknowledged_by or "", 16)),
        )
    return table


def _resolve_alert(client: FoveaClient, name: str) -> str:
    """The id that `name` is or begins; beginnings are searched among the newest alerts."""
    if len(name) == _ID_LENGTH:
        return name
    shown = repr(printable(name))
    ids = {alert.alert_id for alert in client.alerts(limit=MAX_ALERTS).entries}
    found = [alert_id for alert_id in ids if name and alert_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise AlertChoiceError(
            f"{len(found)} alerts have an id that begins with {shown}: give more characters of it"
        )
    raise AlertChoiceError(
        f"None of the {len(ids)} newest alerts has an id that begins with {shown}: "
        "`fovea alerts` lists them"
    )
