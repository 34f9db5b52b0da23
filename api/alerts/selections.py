"""Queries for alerts, run in the store's transaction; rows that are to be changed are locked."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from api.alerts.episodes import ChangeKind, RecordedEpisode
from api.alerts.records import Alert, RuleInstance
from api.alerts.rows import alert_of
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from api.errors import NotFoundError
from api.storage.tables import alert_changes, alerts

IS_OPEN = alerts.c.state == AlertState.FIRING


class AlertNotFoundError(NotFoundError):
    def __init__(self, alert_id: str) -> None:
        super().__init__(f"There is no alert {alert_id[:64]!r}: GET /api/alerts lists them")


@dataclass(frozen=True, kw_only=True)
class AlertQuery:
    """Selects alerts; None selects any value."""

    run_id: str | None = None
    rule: str | None = None
    state: AlertState | None = None
    level: Level | None = None
    is_acknowledged: bool | None = None

    def conditions(self, workspace: str | None) -> list[ColumnElement[bool]]:
        wanted = {
            alerts.c.run_id: self.run_id,
            alerts.c.rule: self.rule,
            alerts.c.state: self.state,
            alerts.c.level: self.level,
        }
        conditions = [
            alerts.c.workspace == workspace,
            *(column == value for column, value in wanted.items() if value is not None),
        ]
        if self.is_acknowledged is not None:
            is_unseen = alerts.c.acknowledged_by.is_(None)
            conditions.append(~is_unseen if self.is_acknowledged else is_unseen)
        return conditions


def alert_by_id(connection: Connection, alert_id: str, *, for_update: bool = False) -> Alert:
    """Raises AlertNotFoundError if there is none."""
    query = select(alerts).where(alerts.c.alert_id == alert_id)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    if row is None:
        raise AlertNotFoundError(alert_id)
    return alert_of(row)


def alerts_for_update(connection: Connection, instance: RuleInstance) -> list[Alert]:
    """All alerts of `instance`, the oldest episode first."""
    query = select(alerts).where(*_of(instance)).order_by(alerts.c.began_step).with_for_update()
    return [alert_of(row) for row in connection.execute(query)]


def began_at(connection: Connection, instance: RuleInstance, began_step: int) -> bool:
    """Whether an alert of `instance` is recorded that began at that step."""
    query = select(alerts.c.alert_id).where(*_of(instance), alerts.c.began_step == began_step)
    return connection.execute(query).first() is not None


def open_alert_for_update(connection: Connection, instance: RuleInstance) -> Alert | None:
    query = select(alerts).where(*_of(instance), IS_OPEN).order_by(alerts.c.began_step.desc())
    row = connection.execute(query.with_for_update()).first()
    return None if row is None else alert_of(row)


def open_alerts_of_run(connection: Connection, run_id: str) -> list[Alert]:
    """The open alerts of a run, locked."""
    query = select(alerts).where(alerts.c.run_id == run_id, IS_OPEN).order_by(alerts.c.alert_id)
    return [alert_of(row) for row in connection.execute(query.with_for_update())]


def recorded_episodes(
    connection: Connection, found: Collection[Alert], *, is_run_over: bool
) -> list[RecordedEpisode]:
    ids = [alert.alert_id for alert in found]
    withdrawn = ids_whose_last_change_is(connection, ids, ChangeKind.WITHDRAWN)
    closed = ids_whose_last_change_is(connection, ids, ChangeKind.CLOSED) if is_run_over else ()
    return [
        RecordedEpisode(
            alert_id=alert.alert_id,
            began_step=alert.began_step,
            step=alert.step,
            state=alert.state,
            level=alert.level,
            is_withdrawn=alert.alert_id in withdrawn,
            is_closed=alert.alert_id in closed,
        )
        for alert in found
    ]


def _of(instance: RuleInstance) -> tuple[ColumnElement[bool], ...]:
    return (
        alerts.c.run_id == instance.run_id,
        alerts.c.rule == instance.rule.name,
        alerts.c.metric == instance.metric,
    )


def ids_whose_last_change_is(
    connection: Connection, alert_ids: Collection[str], kind: ChangeKind
) -> set[str]:
    """The alerts whose last change of state is of that kind."""
    newest = (
        select(func.max(alert_changes.c.id))
        .where(
            alert_changes.c.alert_id.in_(alert_ids),
            alert_changes.c.kind.not_in((ChangeKind.ACKNOWLEDGED, ChangeKind.ACTED)),
        )
        .group_by(alert_changes.c.alert_id)
    )
    query = select(alert_changes.c.alert_id).where(
        alert_changes.c.id.in_(newest), alert_changes.c.kind == kind
    )
    return set(connection.execute(query).scalars())
