"""Keeps alerts in the database, each once, however many servers find it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.alerts.changes import (
    PositionOf,
    begin,
    put_change,
    record_changes,
    withdraw,
    write_alert,
)
from api.alerts.episodes import ChangeKind, Episode, Known, Told, kind_of, plan
from api.alerts.records import Alert, RecordedChange, RuleInstance
from api.alerts.rows import alert_of, alert_values, recorded_change
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState, Evaluation
from api.errors import ConflictError, NotFoundError
from api.pages import Listed, Page
from api.storage.database import Database, page_of
from api.storage.tables import alert_changes, alerts

_OPEN = alerts.c.state == AlertState.FIRING


class AlertNotFoundError(NotFoundError):
    def __init__(self, alert_id: str) -> None:
        super().__init__(f"There is no alert {alert_id[:64]!r}: GET /api/alerts lists them")


@dataclass(frozen=True, kw_only=True)
class AlertQuery:
    """Which alerts are wanted; what is None does not matter."""

    run_id: str | None = None
    rule: str | None = None
    state: AlertState | None = None
    level: Level | None = None
    is_acknowledged: bool | None = None


OnRecord = Callable[[Connection, RecordedChange], None]
"""Takes part in the transaction that puts a change on record."""


class AlertStore:
    """Blocking; each method is one transaction, of which `on_record` is a part."""

    def __init__(self, database: Database, on_record: OnRecord = lambda _, __: None) -> None:
        self._database = database
        self._on_record = on_record

    def advance(
        self, watch: RuleInstance, changes: Sequence[Evaluation], at: PositionOf, now_ms: int
    ) -> list[RecordedChange]:
        """Put the newest changes of a series on record; those that are there already are no news."""

        def work(connection: Connection) -> list[RecordedChange]:
            news = []
            for change in changes:
                if kind_of(change) is ChangeKind.FIRED:
                    known = _episode(connection, watch, change.sample.step)
                    if known is None:
                        news += begin(connection, watch, Episode((change,)), at, now_ms)
                elif (alert := _open(connection, watch)) and alert.step < change.sample.step:
                    told = [Told(kind=kind_of(change), evaluation=change)]
                    news += record_changes(connection, alert, told, at, now_ms)
            return news

        return self._once(work)

    def reconcile(
        self, watch: RuleInstance, found: Sequence[Episode], at: PositionOf, now_ms: int
    ) -> list[RecordedChange]:
        """Make the record say what the whole series does."""

        def work(connection: Connection) -> list[RecordedChange]:
            on_record = {alert.alert_id: alert for alert in _of_watch(connection, watch)}
            withdrawn = _withdrawn(connection, on_record)
            wanted = plan([_known(alert, withdrawn) for alert in on_record.values()], found)
            news = []
            for known in wanted.withdrawn:
                news += withdraw(connection, on_record[known.alert_id], now_ms)
            for known, episode, told in wanted.changed:
                alert = replace(on_record[known.alert_id], began_step=episode.began_step)
                write_alert(connection, alert)
                news += record_changes(connection, alert, told, at, now_ms)
            for episode in wanted.new:
                news += begin(connection, watch, episode, at, now_ms)
            return news

        return self._once(work)

    def raise_once(self, alert: Alert) -> list[RecordedChange]:
        """Put an alert on record that comes of no series; one that is there already is no news."""

        def work(connection: Connection) -> list[RecordedChange]:
            watched = (alerts.c.run_id == alert.run_id, alerts.c.rule == alert.rule)
            known = select(alerts.c.alert_id).where(
                *watched, alerts.c.metric == alert.metric, alerts.c.began_step == alert.began_step
            )
            if connection.execute(known).first() is not None:
                return []
            connection.execute(insert(alerts).values(**alert_values(alert)))
            return [put_change(connection, alert, ChangeKind.FIRED, alert.began_ms)]

        return self._once(work)

    def resolve(self, alert_id: str, now_ms: int) -> list[RecordedChange]:
        """End such an alert; one that has ended is no news."""

        def work(connection: Connection) -> list[RecordedChange]:
            alert = _find(connection, alert_id, for_update=True)
            if alert.state is not AlertState.FIRING:
                return []
            over = replace(alert, state=AlertState.RESOLVED, changed_ms=now_ms)
            write_alert(connection, over)
            return [put_change(connection, over, ChangeKind.RESOLVED, now_ms)]

        return self._once(work)

    def find(self, alert_id: str) -> Alert:
        """AlertNotFoundError."""
        with self._database.read() as connection:
            return _find(connection, alert_id)

    def listed(self, workspace: str | None, query: AlertQuery, page: Page) -> Listed[Alert]:
        """Newest change first."""
        conditions = _conditions(workspace, query)
        with self._database.read() as connection:
            wanted = (
                select(alerts)
                .where(*conditions)
                .order_by(alerts.c.changed_ms.desc(), alerts.c.alert_id)
            )
            return page_of(connection, wanted, page, alert_of)

    def timeline(self, run_id: str, page: Page) -> Listed[RecordedChange]:
        """All changes of a run's alerts, newest first, with the alerts as they are now."""
        of_run = alert_changes.c.run_id == run_id
        with self._database.read() as connection:
            wanted = select(alert_changes).where(of_run).order_by(alert_changes.c.id.desc())
            listed = page_of(connection, wanted, page, lambda row: row)
            return Listed(recorded_change(connection, listed.entries), listed.total)

    def acknowledge(self, alert_id: str, who: str, note: str, now_ms: int) -> RecordedChange:
        """AlertNotFoundError; ConflictError where somebody has done so before."""

        def work(connection: Connection) -> list[RecordedChange]:
            alert = _find(connection, alert_id, for_update=True)
            if alert.acknowledged_by is not None:
                raise ConflictError(
                    f"The alert was acknowledged before, by {alert.acknowledged_by}"
                )
            acknowledged = replace(alert, acknowledged_by=who, acknowledged_ms=now_ms, note=note)
            write_alert(connection, acknowledged)
            return [
                put_change(connection, acknowledged, ChangeKind.ACKNOWLEDGED, now_ms, who, note)
            ]

        return self._once(work)[0]

    def acted(self, alert_id: str, note: str, now_ms: int) -> RecordedChange:
        """Put on record that the rule's action was taken, or why it was not."""

        def work(connection: Connection) -> list[RecordedChange]:
            alert = _find(connection, alert_id, for_update=True)
            return [
                put_change(connection, alert, ChangeKind.ACTED, now_ms, f"rule {alert.rule}", note)
            ]

        return self._once(work)[0]

    def has_acted(self, alert_id: str) -> bool:
        of_alert = (alert_changes.c.alert_id == alert_id) & (
            alert_changes.c.kind == ChangeKind.ACTED
        )
        with self._database.read() as connection:
            return (
                connection.execute(select(alert_changes.c.id).where(of_alert)).first() is not None
            )

    def worst_open(self, run_id: str) -> Level | None:
        """Of a run's alerts that fire."""
        query = select(func.max(alerts.c.level)).where(alerts.c.run_id == run_id, _OPEN)
        with self._database.read() as connection:
            level = connection.execute(query).scalar_one_or_none()
            return None if level is None else Level(level)

    def unpublished(self, before_ms: int) -> list[RecordedChange]:
        """What was put on record before that moment, and told to nobody since; oldest first."""
        query = (
            select(alert_changes)
            .where(alert_changes.c.is_told.is_(False), alert_changes.c.at_ms < before_ms)
            .order_by(alert_changes.c.id)
            .limit(1000)
        )
        with self._database.read() as connection:
            return recorded_change(connection, connection.execute(query).all())

    def told(self, change_ids: Collection[int]) -> None:
        """These need not be told again."""
        with self._database.begin() as connection:
            connection.execute(
                update(alert_changes).where(alert_changes.c.id.in_(change_ids)).values(is_told=True)
            )

    def _once(self, work: Callable[[Connection], list[RecordedChange]]) -> list[RecordedChange]:
        try:
            return self._in_transaction(work)
        except IntegrityError:
            # Another server has begun the same episode at the same moment.
            return self._in_transaction(work)

    def _in_transaction(
        self, work: Callable[[Connection], list[RecordedChange]]
    ) -> list[RecordedChange]:
        with self._database.begin() as connection:
            news = work(connection)
            for each in news:
                self._on_record(connection, each)
            return news


def _find(connection: Connection, alert_id: str, *, for_update: bool = False) -> Alert:
    query = select(alerts).where(alerts.c.alert_id == alert_id)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    if row is None:
        raise AlertNotFoundError(alert_id)
    return alert_of(row)


def _of(watch: RuleInstance) -> tuple[ColumnElement[bool], ...]:
    return (
        alerts.c.run_id == watch.run_id,
        alerts.c.rule == watch.rule.name,
        alerts.c.metric == watch.metric,
    )


def _of_watch(connection: Connection, watch: RuleInstance) -> list[Alert]:
    query = select(alerts).where(*_of(watch)).order_by(alerts.c.began_step).with_for_update()
    return [alert_of(row) for row in connection.execute(query)]


def _episode(connection: Connection, watch: RuleInstance, began_step: int) -> Alert | None:
    query = select(alerts).where(*_of(watch), alerts.c.began_step == began_step)
    row = connection.execute(query).one_or_none()
    return None if row is None else alert_of(row)


def _open(connection: Connection, watch: RuleInstance) -> Alert | None:
    query = select(alerts).where(*_of(watch), _OPEN).order_by(alerts.c.began_step.desc())
    row = connection.execute(query.with_for_update()).first()
    return None if row is None else alert_of(row)


def _withdrawn(connection: Connection, alert_ids: Collection[str]) -> set[str]:
    """Those whose last change of state was that they were taken back."""
    newest = (
        select(func.max(alert_changes.c.id))
        .where(
            alert_changes.c.alert_id.in_(alert_ids),
            alert_changes.c.kind.not_in((ChangeKind.ACKNOWLEDGED, ChangeKind.ACTED)),
        )
        .group_by(alert_changes.c.alert_id)
    )
    query = select(alert_changes.c.alert_id).where(
        alert_changes.c.id.in_(newest), alert_changes.c.kind == ChangeKind.WITHDRAWN
    )
    return set(connection.execute(query).scalars())


def _known(alert: Alert, withdrawn: Collection[str]) -> Known:
    return Known(
        alert_id=alert.alert_id,
        began_step=alert.began_step,
        step=alert.step,
        state=alert.state,
        level=alert.level,
        is_withdrawn=alert.alert_id in withdrawn,
    )


def _conditions(workspace: str | None, query: AlertQuery) -> list[ColumnElement[bool]]:
    wanted = {
        alerts.c.run_id: query.run_id,
        alerts.c.rule: query.rule,
        alerts.c.state: query.state,
        alerts.c.level: query.level,
    }
    conditions = [
        alerts.c.workspace == workspace,
        *(column == value for column, value in wanted.items() if value is not None),
    ]
    if query.is_acknowledged is not None:
        is_open = alerts.c.acknowledged_by.is_(None)
        conditions.append(~is_open if query.is_acknowledged else is_open)
    return conditions
