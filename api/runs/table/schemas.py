"""The types of the responses about the table of runs."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.runs.schemas import NotFinite
from tracking_plugin.names import RunStatus

MOST_COMPARED = 200
"""Runs at once; a client compares more in several requests."""

LONGEST_VALUE = 500
"""Characters of a param or a tag that a table shows; MLflow stores up to 8,000."""


class RunRow(BaseModel):
    """A run with the asked columns; a value that was not logged is absent, a long text is cut."""

    run_id: str
    run_name: str
    experiment_id: str
    experiment_name: str
    status: RunStatus
    alert: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    duration_s: float | None = Field(None, description="up to now for a run that has not ended")
    parent_run_id: str | None = None
    num_children: int = Field(0, description="child runs that match the filter, too")
    params: dict[str, str] = {}
    metrics: dict[str, float | None] = Field({}, description="the newest values")
    not_finite: dict[str, NotFinite] = Field({}, description="the metrics whose value is null")
    tags: dict[str, str] = {}


class Spread(BaseModel):
    """The newest values of one metric in a group of runs, without those that are not finite."""

    num: int = Field(description="runs with a finite value")
    num_not_finite: int = 0
    mean: float | None = None
    std: float | None = Field(None, description="sample standard deviation; null below two values")
    min: float | None = None
    max: float | None = None


class RunGroup(BaseModel):
    """All matching runs with one value of the param or tag; null for those that have none."""

    value: str | None
    is_cut: bool = Field(False, description="whether the value is longer than what is shown")
    num_runs: int
    metrics: dict[str, Spread] = {}


class LoggedNames(BaseModel):
    """The names of params, metrics or tags that some run has, in alphabetical order."""

    names: list[str]
    is_complete: bool = Field(description="whether these are all that match")


class ComparedParam(BaseModel):
    """The values of one param, in the order of the runs; null for a run without it."""

    name: str
    values: list[str | None]
    differs: bool = Field(description="by the whole values, of which long ones are shown cut")


class ComparedMetric(BaseModel):
    """The newest values of one metric, in the order of the runs; null for a run without it."""

    name: str
    values: list[float | None]
    not_finite: list[NotFinite | None]
    differs: bool


class RunComparison(BaseModel):
    """Runs side by side; `runs` has those that exist, in the order in which they were asked for."""

    runs: list[RunRow]
    missing: list[str] = Field(description="ids of which there is no run, or a deleted one")
    params: list[ComparedParam]
    metrics: list[ComparedMetric]
    num_params: int = Field(description="names in all; the first of them are compared")
    num_metrics: int = Field(description="names in all; the first of them are compared")
