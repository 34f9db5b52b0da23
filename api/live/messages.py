"""What goes over a socket, in both directions: the models of the AsyncAPI document."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.alerts.schemas import CriticalAlert
from api.errors import ErrorCode
from api.jobs.log_lines import LogLine
from api.runs.schemas import (
    GpuUsage,
    MetricPoint,
    MetricsData,
    MetricsSnapshot,
    SystemMetrics,
    TrainingStatus,
)

LARGEST_MESSAGE_BYTES = 64 * 1024
"""Of those that clients send; a larger one closes the socket with 1009."""


class _Sent(BaseModel):
    run_id: str | None
    offset: int = Field(description="position in the stream; with its epoch, what `since` takes")
    timestamp: datetime


class InitialState(_Sent):
    """The first message: what the run is now, or that nothing since the named position is missing."""

    type: Literal["initial_state"] = "initial_state"
    epoch: str = Field(description="the stream's epoch, not the training's")
    recovered: bool | None = Field(
        None,
        description="with `since`: true where exactly what was missed follows, "
        "false where this state replaces what was known",
    )
    status: TrainingStatus
    metrics: MetricsData
    history: list[MetricsSnapshot] = Field(description="newest steps, oldest first")
    system: SystemMetrics = SystemMetrics()


class MetricsUpdate(_Sent):
    """Values that MLflow has accepted; a slow socket gets only the newest of a run's."""

    type: Literal["metrics_update"] = "metrics_update"
    epoch: int | None
    batch: int | None
    total_batches: int | None
    step: int | None
    metrics: MetricsData = Field(description="the newest value of every metric")
    points: list[MetricPoint] = Field(description="what this write added")
    previous: int | None = Field(
        description="offset of the run's update before this one; "
        "where a client knows another, updates were left out because it read too slowly"
    )
    system: SystemMetrics = SystemMetrics()


class StatusUpdate(_Sent):
    type: Literal["status_update"] = "status_update"
    status: TrainingStatus


class SystemUpdate(_Sent):
    """Of the machine that trains, as the run logs it."""

    type: Literal["system_update"] = "system_update"
    cpu_usage: float | None
    ram_usage: float | None
    gpu: GpuUsage
    points: list[MetricPoint] = Field(description="what this write added")


class ArtifactUpdate(_Sent):
    type: Literal["artifact_update"] = "artifact_update"
    path: str = Field(description="relative to the run's artifacts")


class LogMessage(_Sent):
    """What the run's job has printed."""

    type: Literal["log"] = "log"
    lines: list[LogLine] = Field(description="oldest first")


class CriticalAlertMessage(_Sent):
    """An alert about the run began, ended or changed; none is ever left out."""

    type: Literal["critical_alert"] = "critical_alert"
    alert: CriticalAlert


class ErrorMessage(_Sent):
    """An answer to a message that could not be followed; the socket stays open."""

    type: Literal["error"] = "error"
    error: str
    error_code: ErrorCode


class Pong(_Sent):
    """The answer to a ping; its offset is the stream's, for a client whose run is quiet."""

    type: Literal["pong"] = "pong"


ServerMessage = Annotated[
    InitialState
    | MetricsUpdate
    | StatusUpdate
    | SystemUpdate
    | ArtifactUpdate
    | LogMessage
    | CriticalAlertMessage
    | ErrorMessage
    | Pong,
    Field(discriminator="type"),
]


class Ping(BaseModel):
    model_config = ConfigDict(strict=True)

    type: Literal["ping"]


class Subscribe(BaseModel):
    """Narrow the socket to one run, or widen it to all with null; an initial_state answers."""

    model_config = ConfigDict(strict=True)

    type: Literal["subscribe"]
    run_id: str | None = None


ClientMessage = Annotated[Ping | Subscribe, Field(discriminator="type")]
