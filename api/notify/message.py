"""Composes the text of notifications: the changes of a run's alerts, and reminders of open ones."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from api.alerts.episodes import ChangeKind
from api.alerts.records import Alert, RecordedChange
from api.alerts.samples import Level
from api.alerts.sentences import alert_message
from api.alerts.state_machine import AlertState
from tracking_plugin.printable import printable

MAX_ALERTS = 20
"""Nobody reads a message with a hundred alerts, and many services truncate it."""

MAX_KINDS = 6
_MAX_NAME_CHARS = 100
# Chat services would turn these characters in the name of a run into mentions or links.
_MARKUP = str.maketrans({"<": "(", ">": ")", "[": "(", "]": ")", "@": " at "})


class Kind(StrEnum):
    """The severity of a message, in Apprise's terms."""

    CRITICAL = "failure"
    WARNING = "warning"
    RESOLVED = "success"


@dataclass(frozen=True, kw_only=True)
class RunReference:
    """The run that a message is about; `url` is the address of its page, if known."""

    run_id: str
    run_name: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Message:
    kind: Kind
    title: str
    body: str


def changes_message(
    run: RunReference, changes: Sequence[RecordedChange], still_open: Sequence[Alert]
) -> Message:
    """A message about `changes`, oldest first; `still_open` are all firing alerts of the run."""
    grouped = _by_alert(changes)
    alerts = [of_alert[-1].alert for of_alert in grouped]
    blocks = [list(_change_lines(of_alert)) for of_alert in grouped]
    known = {alert.alert_id for alert in alerts}
    others = [alert for alert in still_open if alert.alert_id not in known]
    if others:
        blocks.append([f"Also open: {', '.join(_name_and_level(alert) for alert in others)}"])
    return _message(run, alerts, blocks, still_open)


def reminder(run: RunReference, still_open: Sequence[Alert]) -> Message:
    """A reminder of alerts that nobody has acknowledged."""
    blocks = [list(_alert_lines(alert, "still open, not acknowledged")) for alert in still_open]
    return _message(run, still_open, blocks, still_open)


def _message(
    run: RunReference, alerts: Sequence[Alert], blocks: list[list[str]], still_open: Sequence[Alert]
) -> Message:
    """The title is about `alerts`. The kind is that of the run, as a pager closes a resolved incident."""
    firing = [alert.level for alert in alerts if alert.state is AlertState.FIRING]
    worst = max(firing, default=None)
    subject = _without_markup(alerts[0].rule) if len(alerts) == 1 else f"{len(alerts)} alerts"
    name = _without_markup(run.run_name or run.run_id)
    shown = blocks[:MAX_ALERTS]
    if left := len(blocks) - len(shown):
        shown.append([f"… and {left} more"])
    shown.append([f"Run {name}, {run.run_id}", *([run.url] if run.url else [])])
    return Message(
        kind=_kind(max((*firing, *(alert.level for alert in still_open)), default=None)),
        title=f"[{'resolved' if worst is None else worst}] {subject} on {name}",
        body="\n\n".join("\n".join(lines) for lines in shown),
    )


def _kind(worst: Level | None) -> Kind:
    if worst is None:
        return Kind.RESOLVED
    return Kind.CRITICAL if worst is Level.CRITICAL else Kind.WARNING


def _by_alert(recorded: Iterable[RecordedChange]) -> list[list[RecordedChange]]:
    """The changes of each alert, oldest first; the alert that is worst now comes first."""
    ordered = sorted(recorded, key=lambda each: (each.alert.alert_id, each.change.id))
    of_alert = [list(group) for _, group in groupby(ordered, key=lambda each: each.alert.alert_id)]
    return sorted(of_alert, key=_rank)


def _rank(changes: Sequence[RecordedChange]) -> tuple[bool, int, int]:
    alert = changes[-1].alert
    return alert.state is not AlertState.FIRING, -alert.level, changes[0].change.id


def _change_lines(changes: Sequence[RecordedChange]) -> Iterator[str]:
    kinds = [each.change.kind for each in changes if each.change.kind is not ChangeKind.ACTED]
    left = len(kinds) - MAX_KINDS
    shown = kinds if left <= 0 else [*kinds[:MAX_KINDS], f"and {left} more changes"]
    yield from _alert_lines(changes[-1].alert, ", ".join(shown))
    for each in changes:
        if each.change.note:
            yield each.change.note


def _alert_lines(alert: Alert, changes: str) -> Iterator[str]:
    yield f"{_name_and_level(alert)}{f': {changes}' if changes else ''}"
    yield _without_markup(alert_message(alert), max_chars=500)
    if alert.state is not AlertState.FIRING:
        return
    if alert.is_insufficient:
        yield "Too few cases to prove that the bound is kept, whatever the value"
    if alert.recommendation:
        yield alert.recommendation


def _name_and_level(alert: Alert) -> str:
    word = str(alert.level) if alert.state is AlertState.FIRING else str(alert.state)
    return f"{_without_markup(alert.rule)} ({word})"


def _without_markup(text: str, max_chars: int = _MAX_NAME_CHARS) -> str:
    return printable(text, max_chars).translate(_MARKUP)
