"""The texts of notifications."""

import dataclasses
from collections.abc import Sequence

import pytest

from api.alerts.episodes import ChangeKind
from api.alerts.records import Alert, AlertChange, RecordedChange
from api.alerts.rules import RuleAction
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from api.notify.message import MAX_ALERTS, Kind, Message, RunReference, changes_message, reminder

RUN = RunReference(run_id="9f3c", run_name="fold 2", url="http://fovea/monitor/#/runs/9f3c")
ALERT = Alert(
    alert_id="a",
    run_id="9f3c",
    workspace=None,
    rule="RAO",
    metric="critical/RAO",
    began_step=10,
    state=AlertState.FIRING,
    level=Level.CRITICAL,
    step=10,
    value=0.8,
    threshold=0.99,
    support=15,
    interval=(0.548, 0.93),
    is_insufficient=True,
    epoch=1,
    batch=None,
    recommendation="Do not use this model",
    action=RuleAction.PAUSE,
    began_ms=0,
    changed_ms=0,
)
MILD = dataclasses.replace(ALERT, alert_id="b", rule="CNV", level=Level.WARNING)
OVER = dataclasses.replace(ALERT, alert_id="c", rule="RVO", state=AlertState.RESOLVED)


def recorded(alert: Alert, *kinds: ChangeKind, note: str = "") -> list[RecordedChange]:
    return [
        RecordedChange(
            AlertChange(
                id=number,
                alert_id=alert.alert_id,
                run_id=alert.run_id,
                kind=kind,
                level=alert.level,
                step=alert.step,
                value=alert.value,
                at_ms=0,
                note=note if kind is ChangeKind.ACTED else "",
            ),
            alert,
        )
        for number, kind in enumerate(kinds)
    ]


def message(changes: Sequence[RecordedChange], still_open: Sequence[Alert] = ()) -> Message:
    return changes_message(RUN, changes, still_open)


def test_a_message_has_the_value_the_evidence_and_the_recommendation() -> None:
    changes = recorded(
        ALERT, ChangeKind.FIRED, ChangeKind.ACTED, note="Sent the command pause to the run"
    )
    text = message(changes, [ALERT])
    assert text == Message(
        kind=Kind.CRITICAL,
        title="[critical] RAO on fold 2",
        body="RAO (critical): fired\n"
        "critical/RAO is 0.8 at step 10, below 0.99 (15 cases, 95% interval 0.548 to 0.930)\n"
        "Too few cases to prove that the bound is kept, whatever the value\n"
        "Do not use this model\n"
        "Sent the command pause to the run\n\n"
        "Run fold 2, 9f3c\nhttp://fovea/monitor/#/runs/9f3c",
    )


def test_several_alerts_are_in_one_message_the_worst_first() -> None:
    changes = [
        *recorded(OVER, ChangeKind.FIRED, ChangeKind.RESOLVED),
        *recorded(MILD, ChangeKind.FIRED),
        *recorded(ALERT, ChangeKind.RAISED),
    ]
    text = message(changes, [ALERT, MILD])
    assert (text.kind, text.title) == (Kind.CRITICAL, "[critical] 3 alerts on fold 2")
    heads = [block.splitlines()[0] for block in text.body.split("\n\n")]
    assert heads == [
        *("RAO (critical): raised", "CNV (warning): fired", "RVO (resolved): fired, resolved"),
        "Run fold 2, 9f3c",
    ]


def test_a_resolved_alert_does_not_hide_an_open_one() -> None:
    text = message(recorded(OVER, ChangeKind.RESOLVED), [ALERT])
    assert (text.kind, text.title) == (Kind.CRITICAL, "[resolved] RVO on fold 2")
    assert message(recorded(OVER, ChangeKind.RESOLVED)).kind is Kind.RESOLVED
    assert "Also open: RAO (critical)" in text.body
    assert "Do not use" not in text.body


def test_a_reminder_lists_unacknowledged_alerts() -> None:
    text = reminder(RUN, [ALERT, MILD])
    assert (text.kind, text.title) == (Kind.CRITICAL, "[critical] 2 alerts on fold 2")
    assert "RAO (critical): still open, not acknowledged" in text.body


def test_alerts_beyond_the_limit_are_counted() -> None:
    many = [dataclasses.replace(MILD, alert_id=f"{number:03}") for number in range(50)]
    text = message([change for alert in many for change in recorded(alert, ChangeKind.FIRED)])
    assert text.body.count("CNV (warning)") == MAX_ALERTS
    assert f"… and {50 - MAX_ALERTS} more" in text.body


@pytest.mark.parametrize(
    "name", ["<!channel> hi", "@everyone", "[x](http://evil)", "a\r\nBcc: x@y", "\x1b[31m\u202e"]
)
def test_names_contain_no_markup_mentions_or_control_characters(name: str) -> None:
    alert = dataclasses.replace(ALERT, metric=name)
    text = changes_message(
        RunReference(run_id="9f3c", run_name=name), recorded(alert, ChangeKind.FIRED), []
    )
    for part in (text.title.removeprefix("[critical]"), text.body):
        assert not set(part) & set("<>@[]\r\x1b\u202e")
    assert "\n" not in text.title
    assert (
        len(
            changes_message(
                RunReference(run_id="9", run_name="x" * 9999), recorded(alert), []
            ).title
        )
        < 200
    )


def test_a_run_without_a_name_is_named_by_its_id() -> None:
    text = changes_message(
        RunReference(run_id="9f3c", run_name=""), recorded(ALERT, ChangeKind.FIRED), []
    )
    assert text.title == "[critical] RAO on 9f3c"
