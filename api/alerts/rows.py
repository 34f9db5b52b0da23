"""Converts alerts and their changes to database rows and back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from api.alerts.episodes import ChangeKind
from api.alerts.records import Alert, AlertChange, RecordedChange
from api.alerts.rules import RuleAction
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from api.storage.tables import alerts

_LARGEST_INTEGER = 2**31 - 1


def alert_values(alert: Alert) -> dict[str, Any]:
    values = {**vars(alert), "value": repr(alert.value)}
    low, high = values.pop("interval") or (None, None)
    progress = {name: _storable(values[name]) for name in ("epoch", "batch")}
    return {**values, **progress, "interval_low": low, "interval_high": high}


def _storable(number: int | None) -> int | None:
    """PostgreSQL refuses a larger one, and a run may log any step: its alert must not be lost."""
    return number if number is not None and abs(number) <= _LARGEST_INTEGER else None


def recorded_changes(connection: Connection, rows: Sequence[Row[Any]]) -> list[RecordedChange]:
    """The changes in `rows`, with the current state of their alerts."""
    ids = {row.alert_id for row in rows}
    found = connection.execute(select(alerts).where(alerts.c.alert_id.in_(ids)))
    by_id = {row.alert_id: alert_of(row) for row in found}
    return [RecordedChange(_change_of(row), by_id[row.alert_id]) for row in rows]


def _change_of(row: Row[Any]) -> AlertChange:
    fields = {name: value for name, value in row._mapping.items() if name != "is_told"}  # noqa: SLF001
    return AlertChange(
        **{
            **fields,
            "kind": ChangeKind(row.kind),
            "level": Level(row.level),
            "value": float(row.value),
        }
    )


def alert_of(row: Row[Any]) -> Alert:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    low, high = fields.pop("interval_low"), fields.pop("interval_high")
    return Alert(
        **{
            **fields,
            "state": AlertState(row.state),
            "level": Level(row.level),
            "value": float(row.value),
            "action": RuleAction(row.action),
            "interval": None if low is None else (low, high),
        }
    )
