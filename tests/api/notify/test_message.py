"""What people read who were not looking."""

import dataclasses
from collections.abc import Sequence

import pytest

from api.alerts.episodes import ChangeKind
from api.alerts.records import Alert, AlertChange, RecordedChange
from api.alerts.rules import RuleAction
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from api.notify.message import MAX_ALERTS, Kind, Message, RunReference, changes_message, reminder

ABOUT = RunReference(run_id="9f3c", run_name="fold 2", url="http://fovea/monitor/#/runs/9f3c")
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


def news(alert: Alert, *kinds: ChangeKind, note: str = "") -> list[RecordedChange]:
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
    return changes_message(ABOUT, changes, still_open)


def test_an_alert_says_what_is_wrong_on_what_evidence_and_what_to_do() -> None:
    changes = news(
        ALERT, ChangeKind.FIRED, ChangeKind.ACTED, note="Sent the command pause to the run"
    )
    told = message(changes, [ALERT])
    assert told == Message(
        kind=Kind.CRITICAL,
        title="[critical] RAO on fold 2",
        body="RAO (critical): fired\n"
        "critical/RAO is 0.8 at step 10, below 0.99 (15 cases, 95% interval 0.548 to 0.930)\n"
        "Too few cases to prove that the bound is kept, whatever the value\n"
        "Do not use this model\n"
        "Sent the command pause to the run\n\n"
        "Run fold 2, 9f3c\nhttp://fovea/monitor/#/runs/9f3c",
    )


def test_several_alerts_are_one_message_the_worst_first() -> None:
    changes = [
        *news(OVER, ChangeKind.FIRED, ChangeKind.RESOLVED),
        *news(MILD, ChangeKind.FIRED),
        *news(ALERT, ChangeKind.RAISED),
    ]
    told = message(changes, [ALERT, MILD])
    assert (told.kind, told.title) == (Kind.CRITICAL, "[critical] 3 alerts on fold 2")
    heads = [block.splitlines()[0] for block in told.body.split("\n\n")]
    assert heads == [
        *("RAO (critical): raised", "CNV (warning): fired", "RVO (resolved): fired, resolved"),
        "Run fold 2, 9f3c",
    ]


def test_the_end_of_one_alert_does_not_hide_another_that_is_open() -> None:
    told = message(news(OVER, ChangeKind.RESOLVED), [ALERT])
    assert (told.kind, told.title) == (Kind.CRITICAL, "[resolved] RVO on fold 2")
    assert message(news(OVER, ChangeKind.RESOLVED)).kind is Kind.RESOLVED
    assert "Also open: RAO (critical)" in told.body
    assert "Do not use" not in told.body


def test_a_reminder_is_about_what_nobody_has_acknowledged() -> None:
    told = reminder(ABOUT, [ALERT, MILD])
    assert (told.kind, told.title) == (Kind.CRITICAL, "[critical] 2 alerts on fold 2")
    assert "RAO (critical): still open, not acknowledged" in told.body


def test_of_very_many_alerts_the_rest_is_counted() -> None:
    many = [dataclasses.replace(MILD, alert_id=f"{number:03}") for number in range(50)]
    told = message([change for alert in many for change in news(alert, ChangeKind.FIRED)])
    assert told.body.count("CNV (warning)") == MAX_ALERTS
    assert f"… and {50 - MAX_ALERTS} more" in told.body


@pytest.mark.parametrize(
    "name", ["<!channel> hi", "@everyone", "[x](http://evil)", "a\r\nBcc: x@y", "\x1b[31m\u202e"]
)
def test_names_of_runs_and_metrics_do_nothing_in_a_chat_or_a_mail(name: str) -> None:
    alert = dataclasses.replace(ALERT, metric=name)
    told = changes_message(
        RunReference(run_id="9f3c", run_name=name), news(alert, ChangeKind.FIRED), []
    )
    for text in (told.title.removeprefix("[critical]"), told.body):
        assert not set(text) & set("<>@[]\r\x1b\u202e")
    assert "\n" not in told.title
    assert (
        len(changes_message(RunReference(run_id="9", run_name="x" * 9999), news(alert), []).title)
        < 200
    )


def test_a_run_without_a_name_is_its_id() -> None:
    told = changes_message(
        RunReference(run_id="9f3c", run_name=""), news(ALERT, ChangeKind.FIRED), []
    )
    assert told.title == "[critical] RAO on 9f3c"
