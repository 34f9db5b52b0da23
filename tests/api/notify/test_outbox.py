"""Each change is in one message to each service, whatever happens in between."""

from collections.abc import Sequence

import pytest

from api.alerts.records import Alert, RecordedChange, RuleInstance
from api.alerts.store import AlertStore
from api.notify.message import Kind, Message
from api.notify.outbox import Outbox
from api.notify.reassignment import reassign
from api.notify.records import Group, Notification
from api.notify.store import NotificationStore
from api.notify.targets import Target
from api.pages import Page
from api.storage.database import Database
from tests.api.alerts.recording import NOW_MS, at, evaluated, rule_instance, series

MAIL = Target(name="mailto", key="mailto:1", url="mailto://")
HOOK = Target(name="json", key="json:1", url="json://")
WAIT_MS, INTERVAL_MS, REPEAT_MS = 5_000, 60_000, 3_600_000
EVERYTHING = Page(limit=1000)
GOOD, WARNING, CRITICAL = 0.95, 0.85, 0.5


class Record:
    """Records alerts at times that a test sets, and writes their messages."""

    def __init__(self, database: Database, *targets: Target) -> None:
        self.outbox = Outbox(database, targets)
        self.notifications = NotificationStore(database, targets)
        self.store = AlertStore(database, self.outbox.put)

    def log(self, instance: RuleInstance, *values: float, ms: int = 0) -> None:
        changes = [it for it in evaluated(instance, series(*values)) if it.is_change]
        self.store.advance(instance, changes, at, NOW_MS + ms)

    def ready(self, ms: int) -> list[Group]:
        return self.outbox.ready(NOW_MS + ms, WAIT_MS, INTERVAL_MS)

    def write(self, ms: int) -> list[tuple[str, str]]:
        """The services and texts of the messages written at that time."""
        texts = []

        def compose(changes: Sequence[RecordedChange], still_open: Sequence[Alert]) -> Message:
            kinds = [f"{each.change.kind} at {each.change.step}" for each in changes]
            texts.append(f"{', '.join(kinds)}; {len(still_open)} open")
            return Message(kind=Kind.CRITICAL, title="", body=texts[-1])

        groups = [
            group for group in self.ready(ms) if self.outbox.write(group, compose, NOW_MS + ms)
        ]
        return [(group.target, text) for group, text in zip(groups, texts, strict=True)]

    def due(self, ms: int) -> list[Notification]:
        found = self.notifications.due(NOW_MS + ms)
        return [notification for waiting in found.values() for notification in waiting]

    def send_all(self, ms: int) -> list[str]:
        """The texts of all due messages, which are marked as sent."""
        due = self.due(ms)
        for notification in due:
            self.notifications.mark_sent(notification, NOW_MS + ms)
        return [notification.body for notification in due]


def test_changes_of_a_run_are_grouped_and_go_to_every_service(database: Database) -> None:
    record, one = Record(database, MAIL, HOOK), rule_instance()
    record.log(one, WARNING)
    record.log(one, WARNING, CRITICAL, ms=2_000)
    assert record.write(WAIT_MS - 1) == []
    text = "fired at 1, raised at 2; 1 open"
    assert sorted(record.write(WAIT_MS)) == [("json:1", text), ("mailto:1", text)]
    assert record.write(WAIT_MS + INTERVAL_MS) == []
    assert record.send_all(WAIT_MS) == [text, text]
    assert record.send_all(WAIT_MS) == []


def test_changes_of_different_runs_are_not_grouped(database: Database) -> None:
    record, one, other = Record(database, MAIL), rule_instance(), rule_instance()
    record.log(one, WARNING)
    record.log(other, WARNING, ms=WAIT_MS)
    assert {group.run_id for group in record.ready(WAIT_MS)} == {one.run_id}
    assert {group.run_id for group in record.ready(2 * WAIT_MS)} == {one.run_id, other.run_id}


def test_messages_about_a_run_keep_an_interval_unless_a_change_is_critical(
    database: Database,
) -> None:
    record, one = Record(database, MAIL), rule_instance()
    record.log(one, WARNING)
    assert len(record.write(WAIT_MS)) == 1
    record.send_all(WAIT_MS)
    record.log(one, WARNING, GOOD, ms=WAIT_MS)
    assert record.write(WAIT_MS + INTERVAL_MS - 1) == []
    assert record.write(WAIT_MS + INTERVAL_MS) == [("mailto:1", "resolved at 2; 0 open")]
    record.send_all(WAIT_MS + INTERVAL_MS)
    record.log(one, WARNING, GOOD, CRITICAL, ms=WAIT_MS + INTERVAL_MS)
    assert record.write(2 * WAIT_MS + INTERVAL_MS) == [("mailto:1", "fired at 3; 1 open")]


def test_changes_during_an_outage_of_a_service_are_in_its_next_message(database: Database) -> None:
    record, one = Record(database, MAIL), rule_instance()
    record.log(one, CRITICAL)
    record.write(WAIT_MS)
    (waiting,) = record.due(WAIT_MS)
    record.notifications.mark_failed(waiting, "away", next_attempt_ms=NOW_MS + 500_000)
    record.log(one, CRITICAL, GOOD, ms=WAIT_MS)
    record.log(one, CRITICAL, GOOD, CRITICAL, ms=WAIT_MS + 1)
    assert record.write(400_000) == []
    assert record.due(499_999) == []
    assert record.send_all(500_000) == ["fired at 1; 1 open"]
    assert record.write(500_000) == [("mailto:1", "resolved at 2, fired at 3; 1 open")]


def test_attempts_and_results_of_a_message_are_recorded(database: Database) -> None:
    record, one = Record(database, MAIL), rule_instance()
    record.log(one, CRITICAL)
    record.write(WAIT_MS)
    record.notifications.mark_failed(
        record.due(WAIT_MS)[0], "away", next_attempt_ms=NOW_MS + WAIT_MS + 1
    )
    (failed,) = record.notifications.listed(None, one.run_id, EVERYTHING).entries
    assert (failed.attempts, failed.error, failed.sent_ms) == (1, "away", None)
    record.send_all(WAIT_MS + 1)
    (sent,) = record.notifications.listed(None, None, EVERYTHING).entries
    assert (sent.attempts, sent.error, sent.due_ms) == (2, "", None)
    assert sent.sent_ms == NOW_MS + WAIT_MS + 1
    assert record.notifications.listed("other", None, EVERYTHING).entries == []


def test_an_acknowledgement_is_not_reported(database: Database) -> None:
    record, one = Record(database, MAIL), rule_instance()
    record.log(one, CRITICAL)
    record.write(WAIT_MS)
    record.send_all(WAIT_MS)
    alert_id = record.store.timeline(one.run_id, EVERYTHING).entries[0].alert.alert_id
    record.store.acknowledge(alert_id, "dr.bernard", "", NOW_MS)
    assert record.write(10 * INTERVAL_MS) == []


def test_reminders_repeat_until_the_alert_is_acknowledged(database: Database) -> None:
    record, one = Record(database, MAIL), rule_instance()
    outbox = record.outbox
    record.log(one, CRITICAL)
    record.write(0 + WAIT_MS)
    written_ms = NOW_MS + WAIT_MS
    assert outbox.unacknowledged(written_ms + REPEAT_MS, REPEAT_MS) == [], (
        "the first message is not sent yet"
    )
    record.send_all(WAIT_MS)
    assert outbox.unacknowledged(written_ms + REPEAT_MS - 1, REPEAT_MS) == []
    (group,) = outbox.unacknowledged(written_ms + REPEAT_MS, REPEAT_MS)

    def compose(still_open: Sequence[Alert]) -> Message:
        return Message(kind=Kind.CRITICAL, title="", body=f"still {len(still_open)}")

    assert outbox.remind(group, compose, written_ms + REPEAT_MS)
    assert record.send_all(WAIT_MS + REPEAT_MS) == ["still 1"]
    assert outbox.unacknowledged(written_ms + REPEAT_MS + 1, REPEAT_MS) == []
    alert_id = record.store.timeline(one.run_id, EVERYTHING).entries[0].alert.alert_id
    record.store.acknowledge(alert_id, "dr.bernard", "", NOW_MS)
    assert outbox.unacknowledged(written_ms + 9 * REPEAT_MS, REPEAT_MS) == []
    assert not outbox.remind(group, compose, written_ms + 9 * REPEAT_MS)


def test_a_corrected_url_loses_nothing(database: Database) -> None:
    before, one, other = Record(database, MAIL, HOOK), rule_instance(), rule_instance()
    before.log(one, CRITICAL)
    before.write(WAIT_MS)
    before.log(other, CRITICAL, ms=WAIT_MS)
    corrected = Target(name="mailto", key="mailto:2", url="mailto://")
    assert reassign(database, [corrected, HOOK]) == {}
    after = Record(database, corrected, HOOK)
    assert {group.target for group in after.ready(2 * WAIT_MS)} == {"mailto:2", "json:1"}
    assert sorted(each.target for each in after.due(WAIT_MS)) == ["json:1", "mailto:2"]
    assert reassign(database, [corrected, HOOK]) == {}


def test_waiting_messages_are_given_up_with_their_service(database: Database) -> None:
    before, one, other = Record(database, MAIL, HOOK), rule_instance(), rule_instance()
    before.log(one, CRITICAL)
    before.write(WAIT_MS)
    before.log(other, CRITICAL, ms=WAIT_MS)
    assert reassign(database, [HOOK]) == {"mailto": 2}
    again = Record(database, MAIL)
    assert again.ready(9 * WAIT_MS) == []
    assert again.due(9 * WAIT_MS) == []
    errors = {each.error for each in again.notifications.listed(None, None, EVERYTHING).entries}
    assert errors == {"", "The service is gone"}


def test_a_restored_url_gets_what_waited_for_the_wrong_one(database: Database) -> None:
    one, other = rule_instance(), rule_instance()
    right = Record(database, MAIL)
    right.log(one, CRITICAL)
    right.write(WAIT_MS)
    right.send_all(WAIT_MS)
    wrong = Record(database, Target(name="mailto", key="mailto:2", url="mailto://"))
    wrong.log(other, CRITICAL, ms=WAIT_MS)
    wrong.write(2 * WAIT_MS)
    wrong.log(other, CRITICAL, GOOD, ms=2 * WAIT_MS)
    assert reassign(database, [MAIL]) == {}
    assert right.send_all(2 * WAIT_MS) == ["fired at 1; 1 open"]
    assert right.write(9 * INTERVAL_MS) == [("mailto:1", "resolved at 2; 0 open")]


def test_a_replacement_gets_no_change_twice(database: Database) -> None:
    double = Target(name="mailto 2", key="mailto:2", url="mailto://")
    both, one = Record(database, MAIL, double), rule_instance()
    both.log(one, CRITICAL)
    assert reassign(database, [MAIL]) == {"mailto": 1}
    assert Record(database, MAIL).write(WAIT_MS) == [("mailto:1", "fired at 1; 1 open")]


def test_a_message_that_is_never_accepted_does_not_block_later_ones(
    database: Database,
) -> None:
    record, one = Record(database, MAIL), rule_instance()
    record.log(one, CRITICAL)
    record.write(WAIT_MS)
    record.log(one, CRITICAL, GOOD, ms=WAIT_MS)
    for _ in range(10):
        assert record.write(9 * INTERVAL_MS) == []
        record.notifications.mark_failed(
            record.due(WAIT_MS)[0], "refused", next_attempt_ms=NOW_MS + WAIT_MS
        )
    assert record.write(9 * INTERVAL_MS) == [("mailto:1", "resolved at 2; 0 open")]


@pytest.mark.parametrize("num_changes", [501])
def test_many_changes_are_split_into_several_messages(database: Database, num_changes: int) -> None:
    record, one = Record(database, MAIL), rule_instance()
    record.log(one, *[CRITICAL, GOOD] * (num_changes // 2), CRITICAL)
    assert len(record.write(WAIT_MS)) == 1
    assert record.write(WAIT_MS) == [], "the first message is not sent yet"
    record.send_all(WAIT_MS)
    assert record.write(WAIT_MS) == [("mailto:1", f"fired at {num_changes}; 1 open")]
