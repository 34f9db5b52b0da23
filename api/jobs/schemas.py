"""The request and response bodies of the routes about jobs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from api.jobs.log_lines import LogLine
from api.jobs.recipes import DEFAULT_RECIPE
from tracking_plugin.names import RunStatus

RecipeParams = dict[str, bool | int | FiniteFloat | Annotated[str, Field(max_length=4096)]]
Path = Annotated[str, Field(min_length=1, max_length=4096)]
Name = Annotated[str, Field(min_length=1, max_length=250)]
InputId = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Of a registered data set or base model."""
DEFAULT_PRIORITY = 5
Priority = Annotated[
    int, Field(ge=0, le=9, description="jobs of a higher priority start first; 9 is the highest")
]


class TrainingRequest(BaseModel):
    """A training to start; GET /api/recipes lists the parameters of each recipe."""

    model_config = ConfigDict(extra="forbid")

    recipe: str = DEFAULT_RECIPE
    data: Path | None = Field(
        None,
        description="folder with train|val|test/<class>/; none: the synthetic demonstration set",
    )
    dataset_id: InputId | None = Field(None, description="of GET /api/datasets, in place of `data`")
    base_model_id: InputId | None = Field(
        None, description="of GET /api/models, in place of the recipe's own setting"
    )
    params: RecipeParams = {}
    experiment_name: Name = "retinal"
    workers: int = Field(1, ge=1, le=4096, description="ranks, one per GPU where there are GPUs")


class StartRequest(TrainingRequest):
    """A training to start, with its place in the queue."""

    priority: Priority = DEFAULT_PRIORITY


class StartResponse(BaseModel):
    status: str = "success"
    message: str
    training_status: RunStatus
    run_id: str


class JobRequest(BaseModel):
    """A training job to create; POST /api/training/{id}/start starts it."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(
        max_length=64, description="the recipe, or a method of the recipe diffusion, such as lora"
    )
    data: Path | None = None
    dataset_id: InputId | None = Field(None, description="of GET /api/datasets, in place of `data`")
    base_model: Path | None = Field(
        None, description="what the training starts from: weights, a model's folder, or `random`"
    )
    base_model_id: InputId | None = Field(
        None, description="of GET /api/models, in place of `base_model`"
    )
    config: RecipeParams = Field(
        {},
        description="the recipe's parameters; num_epochs is epochs, lora_rank is rank, lora_alpha "
        "is alpha",
    )
    output_name: Name | None = Field(None, description="name in the model registry")
    priority: Priority = DEFAULT_PRIORITY


class NewJob(BaseModel):
    """A job of any kind to create; GET /api/jobs/kinds lists the kinds and their parameters."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=64, description="`training`, `evaluate`")
    params: dict[str, Any] = Field({}, description="as the kind's JSON Schema says")
    start: bool = Field(
        True, description="start the job at once, not with POST /api/jobs/{job_id}/start"
    )
    priority: Priority = DEFAULT_PRIORITY


class JobChange(BaseModel):
    """Another place in the queue."""

    model_config = ConfigDict(extra="forbid")

    priority: Priority


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
    priority: int
    queue_position: int | None = Field(None, description="its place among those that wait, from 1")
    interruption: str = Field(
        "", description="why its process ended before its run did; empty if that has not happened"
    )
    can_resume: bool = Field(
        False, description="whether POST /api/jobs/{job_id}/resume continues it"
    )
    created_at: datetime
    queued_at: datetime | None = Field(None, description="since when it waits, or last waited")
    started_at: datetime | None = None
    completed_at: datetime | None = None


class JobCancelled(JobEntry):
    """A job that was told to stop."""

    acknowledged: bool = Field(
        description="whether the training has acknowledged it, or has ended; it then saves, and ends"
    )
    acknowledged_step: int | None = Field(
        None, description="the step after which it stops, which its last checkpoint is of"
    )


class QueuePlace(BaseModel):
    """A job that runs or waits."""

    job_id: str | None = Field(description="null for a job of another workspace")
    type: str | None = Field(description="the recipe; null for a job of another workspace")
    priority: int
    num_slots: int
    position: int | None = Field(None, description="from 1; null for a job that runs")
    since: datetime = Field(description="when it was started, or since when it waits")


class JobQueue(BaseModel):
    """The jobs that share the GPUs, or the CPUs, of the cluster; each rank takes a slot."""

    pool: str = Field(description="`gpu` or `cpu`")
    num_slots: int | None = Field(description="null before the first job, when it is not known yet")
    num_used: int
    running: list[QueuePlace]
    waiting: list[QueuePlace] = Field(description="in the order in which they start")


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
