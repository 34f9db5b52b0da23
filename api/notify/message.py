"""What a notification says: what became of a run's alerts, and what is still wrong with it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from api.alerts.episodes import ChangeKind
from api.alerts.records import Alert, RecordedChange
from api.alerts.samples import Level
from api.alerts.schemas import sentence
from api.alerts.state_machine import AlertState
from api.printable import printable

MOST_ALERTS = 20
"""A message of a hundred alerts is read by nobody, and many services cut it."""

MOST_KINDS = 6
_LONGEST_NAME = 100
# What chat services take for a mention or a link, in a name that anybody may give to a run.
_INERT = str.maketrans({"<": "(", ">": ")", "[": "(", "]": ")", "@": " at "})


class Kind(StrEnum):
    """The tone of a message, in Apprise's words."""

    CRITICAL = "failure"
    WARNING = "warning"
    RESOLVED = "success"


@dataclass(frozen=True, kw_only=True)
class About:
    """The run, by its name and, where its page has an address, that."""

    run_id: str
    run_name: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Message:
    kind: Kind
    title: str
    body: str


def news_message(
    about: About, news: Sequence[RecordedChange], still_open: Sequence[Alert]
) -> Message:
    """Of changes in their order; `still_open` are all alerts of the run that fire now."""
    told = _by_alert(news)
    alerts = [changes[-1].alert for changes in told]
    blocks = [list(_news_lines(changes)) for changes in told]
    known = {alert.alert_id for alert in alerts}
    others = [alert for alert in still_open if alert.alert_id not in known]
    if others:
        blocks.append([f"Also open: {', '.join(_name_and_level(alert) for alert in others)}"])
    return _message(about, alerts, blocks, still_open)


def reminder(about: About, still_open: Sequence[Alert]) -> Message:
    """Of alerts that nobody has acknowledged."""
    blocks = [list(_alert_lines(alert, "still open, not acknowledged")) for alert in still_open]
    return _message(about, still_open, blocks, still_open)


def _message(
    about: About, alerts: Sequence[Alert], blocks: list[list[str]], still_open: Sequence[Alert]
) -> Message:
    """Its title is about `alerts`; its tone is that of the run, for a pager closes what is resolved."""
    firing = [alert.level for alert in alerts if alert.state is AlertState.FIRING]
    worst = max(firing, default=None)
    what = _inert(alerts[0].rule) if len(alerts) == 1 else f"{len(alerts)} alerts"
    name = _inert(about.run_name or about.run_id)
    shown = blocks[:MOST_ALERTS]
    if left := len(blocks) - len(shown):
        shown.append([f"… and {left} more"])
    shown.append([f"Run {name}, {about.run_id}", *([about.url] if about.url else [])])
    return Message(
        kind=_kind(max((*firing, *(alert.level for alert in still_open)), default=None)),
        title=f"[{'resolved' if worst is None else worst}] {what} on {name}",
        body="\n\n".join("\n".join(lines) for lines in shown),
    )


def _kind(worst: Level | None) -> Kind:
    if worst is None:
        return Kind.RESOLVED
    return Kind.CRITICAL if worst is Level.CRITICAL else Kind.WARNING


def _by_alert(news: Iterable[RecordedChange]) -> list[list[RecordedChange]]:
    """The changes of each alert in their order, the alert whose newest change is the worst first."""
    ordered = sorted(news, key=lambda each: (each.alert.alert_id, each.change.id))
    of_alert = [list(group) for _, group in groupby(ordered, key=lambda each: each.alert.alert_id)]
    return sorted(of_alert, key=_rank)


def _rank(changes: Sequence[RecordedChange]) -> tuple[bool, int, int]:
    alert = changes[-1].alert
    return alert.state is not AlertState.FIRING, -alert.level, changes[0].change.id


def _news_lines(changes: Sequence[RecordedChange]) -> Iterator[str]:
    kinds = [each.change.kind for each in changes if each.change.kind is not ChangeKind.ACTED]
    left = len(kinds) - MOST_KINDS
    shown = kinds if left <= 0 else [*kinds[:MOST_KINDS], f"and {left} changes more"]
    yield from _alert_lines(changes[-1].alert, ", ".join(shown))
    for each in changes:
        if each.change.note:
            yield each.change.note


def _alert_lines(alert: Alert, what: str) -> Iterator[str]:
    yield f"{_name_and_level(alert)}{f': {what}' if what else ''}"
    yield _inert(sentence(alert), longest=500)
    if alert.state is not AlertState.FIRING:
        return
    if alert.is_insufficient:
        yield "Too few cases to prove that the bound is kept, whatever the value"
    if alert.recommendation:
        yield alert.recommendation


def _name_and_level(alert: Alert) -> str:
    word = str(alert.level) if alert.state is AlertState.FIRING else str(alert.state)
    return f"{_inert(alert.rule)} ({word})"


def _inert(text: str, longest: int = _LONGEST_NAME) -> str:
    return printable(text, longest).translate(_INERT)
