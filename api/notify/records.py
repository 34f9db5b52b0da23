"""Messages about alerts, as they are on record."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Group:
    """What goes into one message: a run's alerts, for one service."""

    target: str
    run_id: str
    workspace: str | None


@dataclass(frozen=True, kw_only=True)
class Notification:
    """A message on record; times in ms since the Unix epoch."""

    id: str
    target: str
    run_id: str
    workspace: str | None
    kind: str
    title: str
    body: str
    created_ms: int
    attempts: int
    due_ms: int | None
    sent_ms: int | None
    error: str
