"""The alerts and timeline entries that routes and WebSocket messages contain."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.alerts.episodes import ChangeKind
from api.alerts.records import Alert, AlertChange
from api.alerts.rules import RuleAction
from api.alerts.samples import Level
from api.alerts.sentences import (
    MessageCode,
    RecommendationCode,
    alert_message,
    message_code,
    recommendation_code,
)
from api.alerts.state_machine import AlertState
from api.runs.metric_values import finite
from api.runs.schemas import NotFinite
from api.timestamps import utc
from tracking_plugin.printable import printable_lines

MAX_NOTE_CHARS = 2000


class AlertLevel(StrEnum):
    WARNING = "warning"
    CRITICAL = "critical"

    @classmethod
    def of(cls, level: Level) -> "AlertLevel":
        return cls(str(level))

    @property
    def rank(self) -> Level:
        return Level[self.name]


class CriticalAlert(BaseModel):
    """One episode of a rule on one metric of one run, in the state of its newest change."""

    alert_id: str
    run_id: str
    condition: str = Field(description="the rule's name")
    metric: str
    state: AlertState = Field(description="firing or resolved")
    level: AlertLevel = Field(description="of a resolved alert, its last level")
    message: str = Field(description="in English")
    message_code: MessageCode = Field(
        description="what the message says, for a page in another language; the other fields are its values"
    )
    current_value: float | None = Field(description="at the newest change; null if not finite")
    not_finite: NotFinite | None = None
    threshold: float | None = Field(description="the limit that the value was compared with")
    support: int | None = Field(description="number of cases that the value was measured on")
    confidence_interval: tuple[float, float] | None = Field(description="Wilson's 95% interval")
    insufficient_evidence: bool = Field(
        description="whether even a perfect value on so many cases could not prove the threshold"
    )
    step: int = Field(description="of the newest change")
    first_step: int = Field(description="the step at which it fired")
    epoch: int | None
    batch: int | None
    timestamp: datetime = Field(description="of the newest change")
    started_at: datetime
    recommendation: str | None = Field(description="in the words of the rule")
    recommendation_code: RecommendationCode | None = Field(
        description="which built-in recommendation it is; null for that of a rules file"
    )
    action: RuleAction
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    note: str


class AcknowledgeRequest(BaseModel):
    """An optional note on the alert that is acknowledged."""

    model_config = ConfigDict(extra="forbid", strict=True)

    note: Annotated[str, AfterValidator(printable_lines)] = Field("", max_length=MAX_NOTE_CHARS)


class TimelineEntry(BaseModel):
    """One change of an alert."""

    id: int
    timestamp: datetime
    alert_id: str
    condition: str
    metric: str
    kind: ChangeKind
    level: AlertLevel
    step: int
    value: float | None
    who: str = Field(description="empty if the metrics caused the change")
    note: str


def alert_response(alert: Alert) -> CriticalAlert:
    value = finite(alert.value)
    return CriticalAlert(
        alert_id=alert.alert_id,
        run_id=alert.run_id,
        condition=alert.rule,
        metric=alert.metric,
        state=alert.state,
        level=AlertLevel.of(alert.level),
        message=alert_message(alert),
        message_code=message_code(alert),
        current_value=value.value,
        not_finite=value.not_finite,
        threshold=alert.threshold,
        support=alert.support,
        confidence_interval=alert.interval,
        insufficient_evidence=alert.is_insufficient,
        step=alert.step,
        first_step=alert.first_step,
        epoch=alert.epoch,
        batch=alert.batch,
        timestamp=utc(alert.changed_ms),
        started_at=utc(alert.began_ms),
        recommendation=alert.recommendation or None,
        recommendation_code=recommendation_code(alert),
        action=alert.action,
        acknowledged_by=alert.acknowledged_by,
        acknowledged_at=None if alert.acknowledged_ms is None else utc(alert.acknowledged_ms),
        note=alert.note,
    )


def timeline_entry(change: AlertChange, alert: Alert) -> TimelineEntry:
    return TimelineEntry(
        id=change.id,
        timestamp=utc(change.at_ms),
        alert_id=change.alert_id,
        condition=alert.rule,
        metric=alert.metric,
        kind=change.kind,
        level=AlertLevel.of(change.level),
        step=change.step,
        value=finite(change.value).value,
        who=change.who,
        note=change.note,
    )
