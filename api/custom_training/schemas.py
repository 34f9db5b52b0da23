"""The response bodies of the routes about custom training."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.errors import ErrorResponse
from api.predictions.schemas import Cell


class SessionStatus(StrEnum):
    """A session that was stopped has the status `error`: clients wait for that or `completed`."""

    RUNNING = "running"
    COMPLETED = "completed"
    ERROR = "error"


class SessionError(ErrorResponse):
    """An error as clients of custom training read it: `success` and one sentence."""

    success: Literal[False] = False


class SessionStarted(BaseModel):
    success: Literal[True] = True
    session_id: str = Field(description="id of the run in MLflow")
    message: str
    project_id: str = Field(description="the same as a project of /api/v1/projects")


class SessionProgress(BaseModel):
    success: Literal[True] = True
    session_id: str
    status: SessionStatus
    progress: int = Field(ge=0, le=100, description="percent")
    current_step: str
    stage: str
    run_status: str | None = None
    seconds_left: int | None = None
    updated_at: datetime


class SessionPrediction(BaseModel):
    """`row` counts from 1, in the table that was predicted."""

    id: int = Field(description="number in this list, from 0")
    row: int
    prediction: Cell
    confidence: float | None
    probabilities: dict[str, float]
    feature_importance: dict[str, float] = Field(
        description="share of each feature in all contributions to this prediction; their sum is 1"
    )
    contributions: dict[str, float] = Field(
        {}, description="signed; with base_value they add up to what `explained` names"
    )
    base_value: float | None = None
    explained: str | None = None
    actual: Cell = None


class SessionResult(BaseModel):
    """What was measured on rows that the model has not seen, and predictions for some rows."""

    success: Literal[True] = True
    session_id: str
    metrics: Mapping[str, Any] = Field(
        description="accuracy, confusion_matrix (rows are true classes), classes, and others; "
        "`intervals` has the 95 % interval of each; of a fine-tuning, also those `before` it on the "
        "same rows, the paired `difference` of each, and what `fine_tuning` says of it"
    )
    predictions: list[SessionPrediction]
    model_info: Mapping[str, Any]
