"""/api/training/ and /api/recipes: trainings that this server starts, and what can be trained."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.errors import ErrorResponse
from api.jobs.job_kind import Params
from api.jobs.kinds import TRAINING
from api.jobs.log_lines import LogLine
from api.jobs.params import refusal, require_params
from api.jobs.recipes import recipe_schemas
from api.jobs.schemas import (
    JobCancelled,
    JobEntry,
    JobProgress,
    JobRequest,
    JobStarted,
    RecipeEntry,
    StartRequest,
    StartResponse,
)
from api.jobs.training_body import base_model_setting, recipe_of_type, settings_of_config
from api.jobs.training_kind import TrainingParams
from api.pages import Limit, Offset, Page
from api.routes.dependencies import By, RunningServices, Workspace, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import jobs as examples
from api.routes.jobs import CancelTimeoutS, Roots, TrackingUri
from tracking_plugin.names import RunStatus

EXPERIMENT = "training-jobs"

router = APIRouter(
    prefix="/api",
    tags=["training"],
    dependencies=[Depends(in_workspace)],
    responses={
        **REFUSALS,
        409: {"model": ErrorResponse, "description": "The job's status does not allow that"},
    },
)


@router.get("/recipes", responses=documented(examples.RECIPE, is_list=True, is_counted=False))
def get_recipes() -> list[RecipeEntry]:
    """The recipes that can be trained, with the JSON Schema of their parameters."""
    return [
        RecipeEntry(name=name, kind=TRAINING.name, params_schema=schema)
        for name, schema in recipe_schemas().items()
    ]


@router.post("/training/start", responses=documented(examples.STARTED))
async def start(
    services: RunningServices,
    workspace: Workspace,
    uri: TrackingUri,
    roots: Roots,
    body: StartRequest | None = None,
) -> StartResponse:
    """Start a training. The response comes once its MLflow run exists."""
    wanted = body or StartRequest()
    params: Params = wanted.model_dump(exclude={"priority"})
    TRAINING.require_params(params, ("body",))
    params = await services.inputs.resolved(TRAINING, params, workspace, ("body",))
    job = await services.jobs.create(
        *(TRAINING, params, workspace),
        tracking_uri=uri,
        roots=roots,
        start=True,
        priority=wanted.priority,
    )
    return StartResponse(
        message="The run exists and its job is on its way",
        training_status=RunStatus.PENDING,
        run_id=job.run_id,
    )


@router.post("/training/", status_code=201, responses=documented(examples.CREATED_JOB, status=201))
async def create(
    body: JobRequest,
    services: RunningServices,
    workspace: Workspace,
    uri: TrackingUri,
    roots: Roots,
) -> JobEntry:
    """Create a training job without starting it."""
    params: Params = _params(body).model_dump()
    params = await services.inputs.resolved(TRAINING, params, workspace, ("body",))
    job = await services.jobs.create(
        *(TRAINING, params, workspace),
        tracking_uri=uri,
        roots=roots,
        start=False,
        priority=body.priority,
    )
    return await services.jobs.entry(job)


@router.get("/training/", responses=documented(examples.JOB, is_list=True))
async def get_jobs(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Offset = 0,
) -> list[JobEntry]:
    """The training jobs of this server, newest first."""
    page = Page(limit=limit, offset=offset)
    return (await services.jobs.listed(workspace, page, TRAINING)).with_total_header(response)


@router.get("/training/{job_id}", responses=documented(examples.JOB))
async def get_job(job_id: str, services: RunningServices) -> JobEntry:
    return await services.jobs.entry(await services.jobs.find(job_id, TRAINING))


@router.post("/training/{job_id}/start", responses=documented(examples.JOB_STARTED))
async def start_job(job_id: str, services: RunningServices) -> JobStarted:
    """Start a job that was only created."""
    job = await services.jobs.start(job_id, TRAINING)
    return JobStarted(job_id=job.run_id, message="The job is on its way")


@router.get("/training/{job_id}/progress", responses=documented(examples.JOB_PROGRESS))
async def get_progress(job_id: str, services: RunningServices) -> JobProgress:
    """The job's progress and its newest log lines."""
    return await services.jobs.progress(job_id, TRAINING)


@router.get(
    "/training/{job_id}/logs",
    responses=documented(examples.LOG_LINE, is_list=True, is_counted=False),
)
async def get_logs(job_id: str, services: RunningServices, limit: Limit = 1000) -> list[LogLine]:
    """The newest lines that the job has printed, or that another run has sent, oldest first."""
    return await services.jobs.log_lines(job_id, limit, TRAINING)


@router.post("/training/{job_id}/cancel", responses=documented(examples.CANCELLED_JOB))
async def cancel(
    job_id: str,
    services: RunningServices,
    workspace: Workspace,
    by: By,
    timeout_s: CancelTimeoutS = 10,
) -> JobCancelled:
    """Stop the job. It saves before it ends; a job that has not begun never begins."""
    return await services.jobs.cancel(job_id, workspace, by, TRAINING, timeout_s=timeout_s)


def _params(body: JobRequest) -> TrainingParams:
    """Raises RequestValidationError with the names of the request's own fields."""
    recipe = recipe_of_type(body.type)
    params = settings_of_config(body.type, body.config, ("body", "config"))
    if body.base_model is not None:
        if body.base_model_id is not None:
            message = "give either `base_model_id` or `base_model`, not both"
            raise refusal(("body", "base_model_id"), message)
        setting = base_model_setting(recipe, body.base_model, ("body", "base_model"))
        params[setting] = body.base_model
        require_params(recipe_schemas()[recipe], params, ("body", "config"))
    return TrainingParams(
        recipe=recipe,
        data=body.data,
        dataset_id=body.dataset_id,
        base_model_id=body.base_model_id,
        params=params,
        experiment_name=EXPERIMENT,
        output_name=body.output_name,
    )
