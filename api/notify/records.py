"""Notifications as the database has them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Group:
    """The alerts of one run for one service, which share a message."""

    target: str
    run_id: str
    workspace: str | None


@dataclass(frozen=True, kw_only=True)
class Notification:
    """A message to one service; times are in ms since the Unix epoch."""

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
