"""`fovea alerts` and `fovea ack`: what is wrong with runs, and that somebody has seen it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.alerts.schemas import AlertLevel, CriticalAlert
from api.alerts.state_machine import AlertState
from api.cli.plain_text import NOTHING, age, number
from api.cli.run_choice import SHORT_ID_LENGTH, chosen_run
from api.client import FoveaClient
from api.errors import ApiError
from api.printable import printable

MOST_SHOWN = 1000
_ID_LENGTH = 32
_STYLES = {AlertLevel.CRITICAL: "bold red", AlertLevel.WARNING: "yellow"}


class AlertChoiceError(ApiError):
    """No alert or several are meant."""


@dataclass(frozen=True, kw_only=True)
class AlertsAsked:
    """Which alerts the caller wants to see, and how."""

    run: str | None
    url: str | None
    with_resolved: bool
    only_critical: bool
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """`wanted` are ids of alerts, or beginnings of ids."""

    wanted: Sequence[str]
    note: str
    url: str | None


def show_alerts(asked: AlertsAsked, console: Console) -> None:
    """The newest change first; ApiError."""
    with FoveaClient(asked.url) as client:
        listed = client.alerts(
            run_id=None if asked.run is None else chosen_run(client, asked.run),
            state=None if asked.with_resolved else AlertState.FIRING,
            level=AlertLevel.CRITICAL if asked.only_critical else None,
            limit=MOST_SHOWN,
        )
    alerts = listed.entries
    if asked.as_json:
        documents = [alert.model_dump(mode="json") for alert in alerts]
        print(json.dumps(documents, indent=2), file=console.file)
    elif not console.is_terminal:
        for line in alert_rows(alerts):
            print("\t".join(line), file=console.file)
    elif alerts:
        console.print(_table(alerts, datetime.now(UTC)))
    else:
        console.print("No alerts." if asked.with_resolved else "No open alerts.")
    if left := listed.total - len(alerts):
        Console(stderr=True).print(f"{left:,} more are not shown: name a run with --run")


def acknowledge(asked: Acknowledgement, console: Console) -> None:
    """One after the other; ApiError at the first that is none, or that somebody has acknowledged."""
    with FoveaClient(asked.url) as client:
        for alert_id in [_chosen_alert(client, wanted) for wanted in asked.wanted]:
            alert = client.acknowledge(alert_id, note=asked.note)
            said = f"{alert.condition} of run {alert.run_id[:SHORT_ID_LENGTH]} is acknowledged"
            console.print(printable(said), highlight=False, markup=False)


def alert_rows(alerts: Iterable[CriticalAlert]) -> Iterator[list[str]]:
    """Id, state, level, alert, run, metric, step, value, bound, start, who acknowledged it."""
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
    table.add_column("what")
    for heading in ("since", "seen by"):
        table.add_column(heading, no_wrap=True)
    for alert in alerts:
        is_open = alert.state is AlertState.FIRING
        table.add_row(
            Text(f"! {alert.level}" if is_open else alert.state, _STYLES[alert.level] * is_open),
            Text(printable(alert.condition, 24)),
            Text(alert.alert_id[:SHORT_ID_LENGTH]),
            Text(alert.run_id[:SHORT_ID_LENGTH]),
            Text(printable(alert.message)),
            Text(age(alert.started_at, now)),
            Text(printable(alert.acknowledged_by or "", 16)),
        )
    return table


def _chosen_alert(client: FoveaClient, wanted: str) -> str:
    """Its id; the beginning of one is looked for among the newest alerts."""
    if len(wanted) == _ID_LENGTH:
        return wanted
    shown = repr(printable(wanted))
    ids = {alert.alert_id for alert in client.alerts(limit=MOST_SHOWN).entries}
    found = [alert_id for alert_id in ids if wanted and alert_id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise AlertChoiceError(
            f"{len(found)} alerts have an id that begins with {shown}: name more of it"
        )
    raise AlertChoiceError(
        f"None of the {len(ids)} newest alerts has an id that begins with {shown}: "
        "`fovea alerts` lists them"
    )
