"""The response of GET /api/health."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class FailingRun(BaseModel):
    """The newest failure of the work on one run; it does not affect other runs."""

    run_id: str
    work: str = Field(description="what this process was doing for the run")
    error: str = Field(description="the type of the error; the server's log has the rest")
    num: int = Field(description="failures of this run since the process started")
    timestamp: datetime


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    version: str
    mlflow_version: str
    is_bus_connected: bool = Field(description="whether logged values reach sockets at once")
    num_sockets: int = Field(description="sockets that this process serves")
    num_unread_writes: int = Field(
        description="writes that MLflow accepted but that could not be parsed for the sockets"
    )
    num_run_failures: int = Field(
        description="failures of the work on single runs since this process started"
    )
    failing_runs: list[FailingRun] = Field(
        description="the runs with the newest failures, the newest first"
    )
