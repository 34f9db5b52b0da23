"""Alerts and their changes as the database has them; times are in ms since the Unix epoch."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from api.alerts.episodes import ChangeKind
from api.alerts.rules import Rule, RuleAction
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from tracking_plugin.wilson_interval import Interval

SILENCE_METRIC = "heartbeat"
"""Stands for the metric in alerts on inactive runs. Their value is the seconds since the last sign of life,
and their `began_step` is the time of that sign."""


@dataclass(frozen=True, kw_only=True)
class RuleInstance:
    """A rule applied to one metric of one run, which has a series of evaluations."""

    run_id: str
    workspace: str | None
    rule: Rule
    metric: str


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One episode; `step` and the values are those of its newest change."""

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
        """The step at which it fired."""
        return self.step if self.is_silence else self.began_step


@dataclass(frozen=True, kw_only=True)
class AlertChange:
    """An entry of an alert's timeline; `who` is empty if the metrics caused it."""

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
    """A change, and the alert right after it."""

    change: AlertChange
    alert: Alert


Publish = Callable[[Sequence[RecordedChange]], Awaitable[None]]
"""Publishes recorded changes; see api.alerts.publisher."""
