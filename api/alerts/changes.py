"""Writes alerts and their changes, within a transaction of the store."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection, insert, update

from api.alerts.episodes import ChangeKind, Episode, NewChange, kind_of, level_of
from api.alerts.records import Alert, AlertChange, RecordedChange, RuleInstance
from api.alerts.rows import alert_values
from api.alerts.state_machine import AlertState, Evaluation
from api.runs.state import TrainingPosition
from api.storage.tables import alert_changes, alerts

PositionOf = Callable[[int], TrainingPosition]
"""Maps a step to its epoch and batch."""


def insert_alert(
    connection: Connection, instance: RuleInstance, episode: Episode, at: PositionOf, now_ms: int
) -> list[RecordedChange]:
    first, *rest = episode.changes
    alert = Alert(
        alert_id=uuid.uuid4().hex,
        run_id=instance.run_id,
        workspace=instance.workspace,
        rule=instance.rule.name,
        metric=instance.metric,
        began_step=episode.began_step,
        recommendation=instance.rule.recommendation,
        action=instance.rule.action,
        began_ms=now_ms,
        **_measured(first, at, now_ms),
    )
    connection.execute(insert(alerts).values(**alert_values(alert)))
    later = [NewChange(kind=kind_of(change), evaluation=change) for change in rest]
    return [
        insert_change(connection, alert, ChangeKind.FIRED, now_ms),
        *record_changes(connection, alert, later, at, now_ms),
    ]


def record_changes(
    connection: Connection, alert: Alert, changes: Iterable[NewChange], at: PositionOf, now_ms: int
) -> list[RecordedChange]:
    recorded = []
    for each in changes:
        alert = replace(alert, **_measured(each.evaluation, at, now_ms))
        if each.kind in (ChangeKind.FIRED, ChangeKind.RAISED):
            # The acknowledgement was for a less severe alert; the timeline keeps it.
            alert = replace(alert, acknowledged_by=None, acknowledged_ms=None, note="")
        update_alert(connection, alert)
        recorded.append(insert_change(connection, alert, each.kind, now_ms))
    return recorded


def withdraw(connection: Connection, alert: Alert, now_ms: int) -> list[RecordedChange]:
    withdrawn = replace(alert, state=AlertState.RESOLVED, changed_ms=now_ms)
    update_alert(connection, withdrawn)
    note = "Points that arrived late show that nothing was wrong"
    return [insert_change(connection, withdrawn, ChangeKind.WITHDRAWN, now_ms, note=note)]


def _measured(change: Evaluation, at: PositionOf, now_ms: int) -> dict[str, Any]:
    """The fields of an alert that a change sets."""
    position = at(change.sample.step)
    return {
        "state": change.after.state,
        "level": level_of(change),
        "step": change.sample.step,
        "value": change.sample.value,
        "threshold": change.result.threshold,
        "support": change.evidence.support,
        "interval": change.evidence.interval,
        "is_insufficient": change.evidence.is_insufficient,
        "epoch": position.epoch,
        "batch": position.batch,
        "changed_ms": now_ms,
    }


def insert_change(
    connection: Connection,
    alert: Alert,
    kind: ChangeKind,
    now_ms: int,
    who: str = "",
    note: str = "",
) -> RecordedChange:
    values = {
        "alert_id": alert.alert_id,
        "run_id": alert.run_id,
        "kind": kind,
        "level": alert.level,
        "step": alert.step,
        "value": repr(alert.value),
        "at_ms": now_ms,
        "who": who,
        "note": note,
        "is_told": False,
    }
    result = connection.execute(insert(alert_changes).values(**values))
    change_id = cast(tuple[int], result.inserted_primary_key)[0]
    change = AlertChange(
        id=change_id,
        alert_id=alert.alert_id,
        run_id=alert.run_id,
        kind=kind,
        level=alert.level,
        step=alert.step,
        value=alert.value,
        at_ms=now_ms,
        who=who,
        note=note,
    )
    return RecordedChange(change, alert)


def update_alert(connection: Connection, alert: Alert) -> None:
    of_alert = alerts.c.alert_id == alert.alert_id
    connection.execute(update(alerts).where(of_alert).values(**alert_values(alert)))
