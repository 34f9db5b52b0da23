"""The messages of `/ws` in both directions; the AsyncAPI document and the client use these models."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.alerts.schemas import CriticalAlert
from api.control.instruction_schemas import InstructionEntry
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
"""A larger message from a client closes the socket with 1009."""


class _ServerMessage(BaseModel):
    run_id: str | None
    offset: int = Field(description="position in the stream; `since` takes it with the epoch")
    timestamp: datetime


class InitialState(_ServerMessage):
    """The first message: the present state of the run, or that every message since `since` follows."""

    type: Literal["initial_state"] = "initial_state"
    epoch: str = Field(description="the stream's epoch, not the training's")
    recovered: bool | None = Field(
        None,
        description="with `since`: true if exactly the missed messages follow, "
        "false if this state replaces what the client knows",
    )
    status: TrainingStatus
    metrics: MetricsData = Field(description="the newest value of every metric, or its first page")
    history: list[MetricsSnapshot] = Field(
        description="newest steps, oldest first; of thousands of metrics, earlier steps have only "
        "the fields that are no maps"
    )
    system: SystemMetrics = SystemMetrics()
    num_pages: int = Field(
        1, description="if more than one, an `initial_state_page` follows for each of the others"
    )


class InitialStatePage(_ServerMessage):
    """Further metrics of the `initial_state` before it, of a run with thousands of them."""

    type: Literal["initial_state_page"] = "initial_state_page"
    page: int = Field(description="from 2 to `num_pages`")
    num_pages: int
    metrics: MetricsData = Field(description="entries to add to those of the state")


class MetricsUpdate(_ServerMessage):
    """Metric values that MLflow has accepted; a slow client gets only the newest update of a run."""

    type: Literal["metrics_update"] = "metrics_update"
    epoch: int | None
    batch: int | None
    total_batches: int | None
    step: int | None
    metrics: MetricsData = Field(
        description="newest values: all fields; of a map with more than 32 entries, those of this write"
    )
    points: list[MetricPoint] = Field(description="the values of this write")
    previous: int | None = Field(
        description="offset of the run's previous update; if the client received another one last, "
        "updates were skipped because it read too slowly"
    )
    system: SystemMetrics = SystemMetrics()


class StatusUpdate(_ServerMessage):
    type: Literal["status_update"] = "status_update"
    status: TrainingStatus


class SystemUpdate(_ServerMessage):
    """The load of the training machine, as the run logs it."""

    type: Literal["system_update"] = "system_update"
    cpu_usage: float | None
    ram_usage: float | None
    gpu: GpuUsage
    points: list[MetricPoint] = Field(description="the values of this write")


class ArtifactUpdate(_ServerMessage):
    type: Literal["artifact_update"] = "artifact_update"
    path: str = Field(description="relative to the run's artifacts")


class LogMessage(_ServerMessage):
    """Lines that the run's job has printed."""

    type: Literal["log"] = "log"
    lines: list[LogLine] = Field(description="oldest first")


class CriticalAlertMessage(_ServerMessage):
    """An alert about the run began, ended or changed; it is never skipped."""

    type: Literal["critical_alert"] = "critical_alert"
    alert: CriticalAlert


class CommandMessage(_ServerMessage):
    """A one-time command to the run was stored, taken or answered; it is never skipped."""

    type: Literal["command"] = "command"
    command: InstructionEntry


class ErrorMessage(_ServerMessage):
    """The response to a message that the server could not process; the socket stays open."""

    type: Literal["error"] = "error"
    error: str
    error_code: ErrorCode


class Pong(_ServerMessage):
    """The response to a ping; its offset is that of the stream, even if the run logs nothing."""

    type: Literal["pong"] = "pong"


RunMessage = (
    MetricsUpdate
    | StatusUpdate
    | SystemUpdate
    | ArtifactUpdate
    | LogMessage
    | CriticalAlertMessage
    | CommandMessage
)
"""The messages that events of a run become; a new kind is added here."""

ServerMessage = Annotated[
    InitialState | InitialStatePage | RunMessage | ErrorMessage | Pong, Field(discriminator="type")
]


class Ping(BaseModel):
    model_config = ConfigDict(strict=True)

    type: Literal["ping"]


class Subscribe(BaseModel):
    """Subscribe to one run, or with null to all runs; the response is an initial_state."""

    model_config = ConfigDict(strict=True)

    type: Literal["subscribe"]
    run_id: str | None = None


ClientMessage = Annotated[Ping | Subscribe, Field(discriminator="type")]
