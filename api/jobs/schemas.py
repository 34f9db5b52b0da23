"""What the routes about trainings take and answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from api.jobs.log_lines import LogLine
from tracking_plugin.names import RunStatus

Params = dict[str, bool | int | FiniteFloat | Annotated[str, Field(max_length=4096)]]
Path = Annotated[str, Field(min_length=1, max_length=4096)]
Name = Annotated[str, Field(min_length=1, max_length=250)]


class StartRequest(BaseModel):
    """A training to begin; GET /api/recipes says which parameters each recipe takes."""

    model_config = ConfigDict(extra="forbid")

    recipe: str = "retinal"
    data: Path | None = Field(
        None, description="folder with train|val|test/<class>/; none: a drawn demonstration set"
    )
    params: Params = {}
    experiment_name: Name = "retinal"
    workers: int = Field(1, ge=1, le=4096, description="ranks, one per GPU where there are GPUs")


class StartResponse(BaseModel):
    status: str = "success"
    message: str
    training_status: RunStatus
    run_id: str


class JobRequest(BaseModel):
    """A training job that is begun with POST /api/training/{id}/start."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="the recipe")
    data: Path | None = None
    dataset_id: int | str | None = Field(None, description="unknown here; give `data`")
    base_model: Path | None = Field(None, description="file of pre-trained weights, or `random`")
    base_model_id: int | str | None = Field(None, description="unknown here; give `base_model`")
    config: Params = Field({}, description="the recipe's parameters; num_epochs is epochs")
    output_name: Name | None = Field(None, description="name in the model registry")


class JobEntry(BaseModel):
    """A training job; its id is that of its MLflow run."""

    id: str
    run_id: str
    type: str
    status: RunStatus
    message: str
    progress: float = Field(ge=0, le=1)
    current_epoch: int | None = None
    current_step: int | None = None
    loss: float | None = None
    data: str | None = None
    config: Mapping[str, Any]
    output_name: str | None = None
    workers: int
    attempt: int = Field(description="how often it was submitted to Ray")
    silent: bool = Field(description="whether it should be heard of and is not")
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None


class JobProgress(BaseModel):
    """How far a job is, by what its run has logged."""

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
    params_schema: Mapping[str, Any] = Field(
        description="JSON Schema of the parameters, with their defaults"
    )
