"""The request and response bodies of the control routes."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from api.control.acknowledgement import CommandOutcome
from api.control.audited_actions import AuditedAction
from api.control.instruction_schemas import Argument
from tracking_plugin.names import RunStatus


class ControlRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    timeout_s: float = Field(
        10, ge=0, le=600, description="how long to wait for the run to acknowledge, in seconds"
    )


class PauseRequest(ControlRequest):
    release: bool = Field(
        False, description="release the accelerators: save, exit, and start again on resume"
    )


class ControlResult(StrEnum):
    SUCCESS = "success"
    ERROR = "error"


class ControlResponse(BaseModel):
    """The outcome of a command by the time of the response."""

    status: ControlResult
    message: str
    training_status: RunStatus
    run_id: str
    acknowledged: bool = Field(description="whether every rank has carried out the command")
    released: bool = Field(description="whether the run has released its accelerators")
    step: int | None = Field(None, description="optimizer step that the run reported last")


class CommandEntry(BaseModel):
    """One command in a run's audit, or the takeover of its control link by another program."""

    id: int
    action: AuditedAction
    name: str | None = Field(
        None, description="that of a one-time command, whose action is instruct"
    )
    arguments: dict[str, Argument] | None = None
    step: int | None = Field(None, description="step at which a one-time command took effect")
    release: bool
    who: str
    source: str = Field(description="address that the command came from")
    timestamp: datetime
    outcome: CommandOutcome
    outcome_timestamp: datetime | None
    message: str
