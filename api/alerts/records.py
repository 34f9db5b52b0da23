"""Alerts and their changes as they are on record; times in ms since the Unix epoch."""

from dataclasses import dataclass

from api.alerts.episodes import ChangeKind
from api.alerts.rules import Rule, RuleAction
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from tracking_plugin.proportion import Interval

SILENCE_METRIC = "heartbeat"
"""Of the alerts on silence, which are about no metric: their value is the silence in seconds, and their
`began_step` the moment at which the run was last heard of."""


@dataclass(frozen=True, kw_only=True)
class RuleInstance:
    """A rule on one metric of one run: what has a series of evaluations."""

    run_id: str
    workspace: str | None
    rule: Rule
    metric: str


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One episode, as of its newest change; `step` and the values are that change's."""

    alert_id: str
    run_id: str
    workspace: str | None
    rule: str
    metric: str
    began_step: int
    state: AlertState
    level: Level
    step: int
    value: float
    threshold: float | None
    support: int | None
    interval: Interval | None
    is_insufficient: bool
    epoch: int | None
    batch: int | None
    recommendation: str
    action: RuleAction
    began_ms: int
    changed_ms: int
    acknowledged_by: str | None = None
    acknowledged_ms: int | None = None
    note: str = ""

    @property
    def is_silence(self) -> bool:
        return self.metric == SILENCE_METRIC

    @property
    def first_step(self) -> int:
        """At which it fired."""
        return self.step if self.is_silence else self.began_step


@dataclass(frozen=True, kw_only=True)
class AlertChange:
    """A line of an alert's timeline; `who` is empty where the metrics alone did it."""

    id: int
    alert_id: str
    run_id: str
    kind: ChangeKind
    level: Level
    step: int
    value: float
    at_ms: int
    who: str = ""
    note: str = ""


@dataclass(frozen=True)
class RecordedChange:
    """A change that is on record, and the alert right after it."""

    change: AlertChange
    alert: Alert
