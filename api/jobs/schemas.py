"""The request and response bodies of the routes about jobs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from api.jobs.log_lines import LogLine
from tracking_plugin.names import RunStatus

RecipeParams = dict[str, bool | int | FiniteFloat | Annotated[str, Field(max_length=4096)]]
Path = Annotated[str, Field(min_length=1, max_length=4096)]
Name = Annotated[str, Field(min_length=1, max_length=250)]


class StartRequest(BaseModel):
    """A training to start; GET /api/recipes lists the parameters of each recipe."""

    model_config = ConfigDict(extra="forbid")

    recipe: str = "retinal"
    data: Path | None = Field(
        None,
        description="folder with train|val|test/<class>/; none: the synthetic demonstration set",
    )
    params: RecipeParams = {}
    experiment_name: Name = "retinal"
    workers: int = Field(1, ge=1, le=4096, description="ranks, one per GPU where there are GPUs")


class StartResponse(BaseModel):
    status: str = "success"
    message: str
    training_status: RunStatus
    run_id: str


class JobRequest(BaseModel):
    """A training job to create; POST /api/training/{id}/start starts it."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="the recipe")
    data: Path | None = None
    dataset_id: int | str | None = Field(None, description="unknown here; give `data`")
    base_model: Path | None = Field(None, description="file of pre-trained weights, or `random`")
    base_model_id: int | str | None = Field(None, description="unknown here; give `base_model`")
    config: RecipeParams = Field({}, description="the recipe's parameters; num_epochs is epochs")
    output_name: Name | None = Field(None, description="name in the model registry")


class NewJob(BaseModel):
    """A job of any kind to create; GET /api/jobs/kinds lists the kinds and their parameters."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=64, description="`training`, `evaluate`")
    params: dict[str, Any] = Field({}, description="as the kind's JSON Schema says")
    start: bool = Field(
        True, description="start the job at once, not with POST /api/jobs/{job_id}/start"
    )


class JobEntry(BaseModel):
    """A job; its id is that of its MLflow run."""

    id: str
    run_id: str
    kind: str
    type: str = Field(description="the recipe of a training; of other jobs, the kind")
    status: RunStatus
    message: str
    progress: float = Field(ge=0, le=1)
    current_epoch: int | None = None
    current_step: int | None = None
    loss: float | None = None
    data: str | None = None
    config: Mapping[str, Any] = Field(
        description="the recipe's parameters of a training; of other jobs, all parameters"
    )
    output_name: str | None = None
    workers: int
    attempt: int = Field(description="how often it was submitted to Ray")
    silent: bool = Field(description="whether its heartbeats are overdue")
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None


class JobProgress(BaseModel):
    """The progress of a job, as logged to its run."""

    id: str
    status: RunStatus
    progress: float = Field(ge=0, le=1)
    current_epoch: int | None = None
    total_epochs: int | None = None
    current_step: int | None = None
    total_steps: int | None = None
    loss: float | None = None
    current_image: str | None = None
    eta_seconds: float | None = None
    recent_logs: list[LogLine]


class JobStarted(BaseModel):
    status: str = "started"
    job_id: str
    message: str


class RecipeEntry(BaseModel):
    name: str
    kind: str = Field(description="job kind that runs the recipe")
    params_schema: Mapping[str, Any] = Field(
        description="JSON Schema of the parameters, with their defaults"
    )


class JobKindEntry(BaseModel):
    name: str
    can_pause: bool
    params_schema: Mapping[str, Any] = Field(
        description="JSON Schema of the parameters, with their defaults"
    )
