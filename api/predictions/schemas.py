"""The request and response bodies of predictions for rows of tables."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_ROWS = 1000
"""Of a request without a file."""
MAX_TOP = 100

Cell = bool | int | float | str | None
"""A cell or a label, in its exact type."""


class AnswerFormat(StrEnum):
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


class RowOptions(BaseModel):
    """What to answer."""

    model_config = ConfigDict(extra="forbid")

    explain: bool = Field(False, description="add the contributions of the features")
    top: int = Field(5, ge=0, le=MAX_TOP, description="number of reasons in words")
    confidence_threshold: float = Field(
        0, ge=0, le=1, description="abstain from a label with a lower confidence"
    )


class RowsRequest(RowOptions):
    """Rows to predict, each an object by column names; null is a missing value."""

    rows: list[dict[str, Annotated[Cell, Field(union_mode="smart")]]] = Field(
        min_length=1, max_length=MAX_ROWS
    )


class PredictionWarning(BaseModel):
    """A cell that is unlike what the model has seen in training."""

    row: int
    column: str
    text: str


class Explanation(BaseModel):
    """Contributions of the features to one output of the named model; they add up to `sum`."""

    model: str
    output: str
    adds_up_to: str
    base_value: float
    contributions: dict[str, float]
    sum: float
    reasons: list[str]


class RowPrediction(BaseModel):
    """`row` counts from 1. The label of a row that is `abstained` is the most probable one, and no answer."""

    row: int
    label: Cell
    probabilities: dict[str, float] | None
    confidence: float | None
    abstained: bool
    reason: str
    warnings: list[PredictionWarning]
    explanation: Explanation | None = None


class TableModelVersion(BaseModel):
    name: str
    version: str
    run_id: str


class PredictAnswer(BaseModel):
    status: str = "success"
    model: TableModelVersion
    target: str
    classes: list[Cell]
    count: int
    predictions: list[RowPrediction]
