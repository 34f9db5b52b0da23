"""Stores alerts and their changes; each alert is stored once, however many servers find it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.alerts.changes import (
    PositionOf,
    insert_alert,
    insert_change,
    record_changes,
    update_alert,
    withdraw,
)
from api.alerts.closing import REASONS, is_closed_by
from api.alerts.episodes import ChangeKind, Episode, NewChange, kind_of, plan
from api.alerts.records import Alert, RecordedChange, RuleInstance
from api.alerts.rows import alert_of, alert_values, recorded_changes
from api.alerts.samples import Level
from api.alerts.selections import (
    IS_OPEN,
    AlertQuery,
    alert_by_id,
    alerts_for_update,
    began_at,
    ids_whose_last_change_is,
    open_alert_for_update,
    open_alerts_of_run,
    recorded_episodes,
)
from api.alerts.state_machine import AlertState, Evaluation
from api.errors import ConflictError
from api.pages import Listed, Page
from api.runs.run_over import HeldRun, RunEnd
from api.storage.database import Database, page_of
from api.storage.tables import alert_changes, alerts

MAX_UNPUBLISHED = 1000

ChangeHook = Callable[[Connection, RecordedChange], None]
"""Called for each change, within the transaction that records it."""

Work = Callable[[Connection], list[RecordedChange]]


class AlertStore:
    """Blocking. Each method is one transaction, which includes the calls of `on_change`.

    Methods that write return the changes that they have recorded; what is recorded already is left out.
    """

    def __init__(self, database: Database, on_change: ChangeHook = lambda _, __: None) -> None:
        self._database = database
        self._on_change = on_change

    def advance(
        self, instance: RuleInstance, changes: Sequence[Evaluation], at: PositionOf, now_ms: int
    ) -> list[RecordedChange]:
        """Record the newest changes of a series."""

        def work(connection: Connection) -> list[RecordedChange]:
            recorded = []
            for change in changes:
                if kind_of(change) is ChangeKind.FIRED:
                    if not began_at(connection, instance, change.sample.step):
                        episode = Episode((change,))
                        recorded += insert_alert(connection, instance, episode, at, now_ms)
                    continue
                alert = open_alert_for_update(connection, instance)
                if alert is not None and alert.step < change.sample.step:
                    new = [NewChange(kind=kind_of(change), evaluation=change)]
                    recorded += record_changes(connection, alert, new, at, now_ms)
            return recorded

        return self._record(work)

    def reconcile(
        self,
        instance: RuleInstance,
        found: Sequence[Episode],
        at: PositionOf,
        now_ms: int,
        *,
        is_run_over: bool = False,
    ) -> list[RecordedChange]:
        """Make the record equal to the alerts that the whole series has.

        While the run is over, alerts that its end has closed stay closed.
        """

        def work(connection: Connection) -> list[RecordedChange]:
            known = {it.alert_id: it for it in alerts_for_update(connection, instance)}
            recorded_before = recorded_episodes(connection, known.values(), is_run_over=is_run_over)
            wanted = plan(recorded_before, found)
            recorded = []
            for gone in wanted.withdrawn:
                recorded += withdraw(connection, known[gone.alert_id], now_ms)
            for old, episode, changes in wanted.changed:
                alert = replace(known[old.alert_id], began_step=episode.began_step)
                update_alert(connection, alert)
                recorded += record_changes(connection, alert, changes, at, now_ms)
            for episode in wanted.new:
                recorded += insert_alert(connection, instance, episode, at, now_ms)
            return recorded

        return self._record(work)

    def raise_once(self, alert: Alert) -> list[RecordedChange]:
        """Record an alert that does not come from a series of values."""

        def work(connection: Connection) -> list[RecordedChange]:
            of_rule = (alerts.c.run_id == alert.run_id, alerts.c.rule == alert.rule)
            known = select(alerts.c.alert_id).where(
                *of_rule, alerts.c.metric == alert.metric, alerts.c.began_step == alert.began_step
            )
            if connection.execute(known).first() is not None:
                return []
            connection.execute(insert(alerts).values(**alert_values(alert)))
            return [insert_change(connection, alert, ChangeKind.FIRED, alert.began_ms)]

        return self._record(work)

    def resolve(self, alert_id: str, now_ms: int) -> list[RecordedChange]:
        """End an alert that does not come from a series of values."""

        def work(connection: Connection) -> list[RecordedChange]:
            alert = alert_by_id(connection, alert_id, for_update=True)
            if alert.state is not AlertState.FIRING:
                return []
            resolved = replace(alert, state=AlertState.RESOLVED, changed_ms=now_ms)
            update_alert(connection, resolved)
            return [insert_change(connection, resolved, ChangeKind.RESOLVED, now_ms)]

        return self._record(work)

    def close_run(self, run_id: str, how: RunEnd, now_ms: int) -> list[RecordedChange]:
        """Close the open alerts that the end of their run closes."""

        def work(connection: Connection) -> list[RecordedChange]:
            recorded = []
            for alert in open_alerts_of_run(connection, run_id):
                if is_closed_by(how, rule=alert.rule, metric=alert.metric):
                    closed = replace(alert, state=AlertState.RESOLVED, changed_ms=now_ms)
                    update_alert(connection, closed)
                    recorded.append(
                        insert_change(
                            connection, closed, ChangeKind.CLOSED, now_ms, note=REASONS[how]
                        )
                    )
            return recorded

        return self._record(work)

    def closed_metrics(self, run_id: str) -> set[str]:
        """The metrics of the run's alerts that its end has closed."""
        is_resolved = (alerts.c.run_id == run_id) & (alerts.c.state == AlertState.RESOLVED)
        with self._database.read() as connection:
            rows = connection.execute(select(alerts.c.alert_id, alerts.c.metric).where(is_resolved))
            metrics = {row.alert_id: row.metric for row in rows}
            closed = ids_whose_last_change_is(connection, metrics.keys(), ChangeKind.CLOSED)
        return {metrics[alert_id] for alert_id in closed}

    def runs_with_open_alerts(self) -> list[HeldRun]:
        query = select(alerts.c.run_id, alerts.c.workspace).where(IS_OPEN).distinct()
        with self._database.read() as connection:
            return [
                HeldRun(run_id=row.run_id, workspace=row.workspace)
                for row in connection.execute(query)
            ]

    def find(self, alert_id: str) -> Alert:
        """Raises AlertNotFoundError if there is none."""
        with self._database.read() as connection:
            return alert_by_id(connection, alert_id)

    def listed(self, workspace: str | None, query: AlertQuery, page: Page) -> Listed[Alert]:
        """Newest change first."""
        with self._database.read() as connection:
            wanted = (
                select(alerts)
                .where(*query.conditions(workspace))
                .order_by(alerts.c.changed_ms.desc(), alerts.c.alert_id)
            )
            return page_of(connection, wanted, page, alert_of)

    def timeline(self, run_id: str, page: Page) -> Listed[RecordedChange]:
        """All changes of a run's alerts, newest first, with the current state of these alerts."""
        of_run = alert_changes.c.run_id == run_id
        with self._database.read() as connection:
            wanted = select(alert_changes).where(of_run).order_by(alert_changes.c.id.desc())
            listed = page_of(connection, wanted, page, lambda row: row)
            return Listed(recorded_changes(connection, listed.entries), listed.total)

    def acknowledge(self, alert_id: str, who: str, note: str, now_ms: int) -> RecordedChange:
        """Raises AlertNotFoundError if there is none, ConflictError if it is acknowledged already."""

        def work(connection: Connection) -> list[RecordedChange]:
            alert = alert_by_id(connection, alert_id, for_update=True)
            if alert.acknowledged_by is not None:
                raise ConflictError(
                    f"The alert was acknowledged before, by {alert.acknowledged_by}"
                )
            acknowledged = replace(alert, acknowledged_by=who, acknowledged_ms=now_ms, note=note)
            update_alert(connection, acknowledged)
            return [
                insert_change(connection, acknowledged, ChangeKind.ACKNOWLEDGED, now_ms, who, note)
            ]

        return self._record(work)[0]

    def acted(self, alert_id: str, note: str, now_ms: int) -> RecordedChange:
        """Record that the rule's action was applied to the run, or why it was not."""

        def work(connection: Connection) -> list[RecordedChange]:
            alert = alert_by_id(connection, alert_id, for_update=True)
            return [
                insert_change(
                    connection, alert, ChangeKind.ACTED, now_ms, f"rule {alert.rule}", note
                )
            ]

        return self._record(work)[0]

    def has_acted(self, alert_id: str) -> bool:
        of_alert = (alert_changes.c.alert_id == alert_id) & (
            alert_changes.c.kind == ChangeKind.ACTED
        )
        with self._database.read() as connection:
            return (
                connection.execute(select(alert_changes.c.id).where(of_alert)).first() is not None
            )

    def worst_open(self, run_id: str) -> Level | None:
        """The worst level among a run's firing alerts."""
        query = select(func.max(alerts.c.level)).where(alerts.c.run_id == run_id, IS_OPEN)
        with self._database.read() as connection:
            level = connection.execute(query).scalar_one_or_none()
            return None if level is None else Level(level)

    def unpublished(self, before_ms: int) -> list[RecordedChange]:
        """Changes recorded before `before_ms` and not published since, oldest first."""
        query = (
            select(alert_changes)
            .where(alert_changes.c.is_told.is_(False), alert_changes.c.at_ms < before_ms)
            .order_by(alert_changes.c.id)
            .limit(MAX_UNPUBLISHED)
        )
        with self._database.read() as connection:
            return recorded_changes(connection, connection.execute(query).all())

    def mark_published(self, change_ids: Collection[int]) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(alert_changes).where(alert_changes.c.id.in_(change_ids)).values(is_told=True)
            )

    def _record(self, work: Work) -> list[RecordedChange]:
        try:
            return self._in_transaction(work)
        except IntegrityError:
            # Another server has recorded the same episode at the same moment.
            return self._in_transaction(work)

    def _in_transaction(self, work: Work) -> list[RecordedChange]:
        with self._database.begin() as connection:
            recorded = work(connection)
            for each in recorded:
                self._on_change(connection, each)
            return recorded
