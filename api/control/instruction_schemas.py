"""The request and response bodies of the routes of one-time commands."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator

from tracking_plugin.control_messages import MAX_STEP
from tracking_plugin.instruction_names import NAME_PATTERN

MAX_ARGUMENTS = 16
MAX_ARGUMENTS_BYTES = 4096
MAX_TEXT_CHARS = 1000

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Argument = (
    bool
    | Annotated[int, Field(ge=-MAX_STEP, le=MAX_STEP)]
    # Not the limit itself: a larger integer would be rounded to it.
    | Annotated[float, Field(gt=-MAX_STEP, lt=MAX_STEP)]
    | Annotated[str, Field(max_length=MAX_TEXT_CHARS)]
    | None
)


def encode_arguments(arguments: Mapping[str, Argument]) -> str:
    """`arguments` as the database stores them. Raises UnicodeEncodeError for a lone surrogate."""
    return msgspec.json.encode(arguments).decode()


class InstructionRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name = Field(description="one that the run's program understands")
    arguments: dict[Name, Argument] = Field(
        default_factory=dict, max_length=MAX_ARGUMENTS, description="values without a structure"
    )
    wait_s: float = Field(
        0, ge=0, le=600, description="how long to wait for the run's answer, in seconds"
    )

    @field_validator("arguments")
    @classmethod
    def _fit(cls, arguments: dict[str, Argument]) -> dict[str, Argument]:
        try:
            size_bytes = len(encode_arguments(arguments).encode())
        except UnicodeEncodeError:
            raise ValueError("a text has a character that is not valid") from None
        if size_bytes > MAX_ARGUMENTS_BYTES:
            raise ValueError(f"at most {MAX_ARGUMENTS_BYTES} bytes of JSON are accepted")
        return arguments


class InstructionStatus(StrEnum):
    """How far a one-time command has come."""

    PENDING = "pending"
    """Stored; the run takes it between two of its steps."""
    TAKEN = "taken"
    """The run carries it out, and has not answered yet."""
    DONE = "done"
    REFUSED = "refused"
    """By the server at once, or by the run."""
    FAILED = "failed"
    """The run, or the program that took it, has ended without an answer."""


class InstructionEntry(BaseModel):
    """A one-time command to a run, and the run's answer."""

    id: int
    run_id: str
    name: str
    arguments: dict[str, Argument]
    status: InstructionStatus
    step: int | None = Field(description="step at which it took effect or was refused by the run")
    message: str
    who: str
    source: str = Field(description="address that the command came from")
    timestamp: datetime
    taken_at: datetime | None
    answered_at: datetime | None


class UnderstoodCommands(BaseModel):
    """The one-time commands that a run takes now."""

    names: list[str] = Field(description="as its program has said; empty if it takes none")
    reason: str = Field(description="why it takes none; empty if it takes some")
