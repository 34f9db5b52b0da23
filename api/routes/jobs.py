"""/api/training/: trainings that this server starts, from their creation to their logs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool

from api.control.transitions import Action
from api.errors import ErrorResponse
from api.jobs.log_lines import LogLine
from api.jobs.progress import job_entry, job_progress, log_entries
from api.jobs.recipes import recipe_schemas, require_params, require_recipe
from api.jobs.schemas import (
    JobEntry,
    JobProgress,
    JobRequest,
    JobStarted,
    RecipeEntry,
    StartRequest,
    StartResponse,
)
from api.jobs.spec import JobSpec
from api.jobs.store import Job
from api.pages import Limit, Offset, Page
from api.routes import examples
from api.routes.dependencies import REFUSALS, By, Reader, RunningServices, Workspace, in_workspace
from tracking_plugin.names import RunStatus

EXPERIMENT = "training-jobs"
RECENT_LINES = 20

router = APIRouter(
    prefix="/api",
    tags=["training"],
    dependencies=[Depends(in_workspace)],
    responses={
        **REFUSALS,
        409: {"model": ErrorResponse, "description": "The job's status does not allow that"},
    },
)


def tracking_uri(request: Request) -> str:
    """Where a training reaches this server: as whoever started it has reached it."""
    configured: str | None = request.app.state.public_url
    return configured or str(request.base_url).rstrip("/")


TrackingUri = Annotated[str, Depends(tracking_uri)]


@router.get("/recipes", responses=examples.answer(examples.RECIPE, is_list=True, is_counted=False))
def get_recipes() -> list[RecipeEntry]:
    """What can be trained, and with which parameters."""
    return [
        RecipeEntry(name=name, params_schema=schema) for name, schema in recipe_schemas().items()
    ]


@router.post("/training/start", responses=examples.answer(examples.STARTED))
async def start(
    services: RunningServices,
    workspace: Workspace,
    uri: TrackingUri,
    asked: StartRequest | None = None,
) -> StartResponse:
    """Begin a training; answers once its MLflow run exists."""
    asked = asked or StartRequest()
    require_recipe(asked.recipe, ("body", "recipe"))
    require_params(asked.recipe, asked.params, ("body", "params"))
    spec = JobSpec(recipe=asked.recipe, data=asked.data, params=asked.params, workers=asked.workers)
    job = await services.jobs.create(
        spec, workspace, experiment=asked.experiment_name, tracking_uri=uri, start=True
    )
    return StartResponse(
        message="The run exists and its job is on its way",
        training_status=RunStatus.PENDING,
        run_id=job.run_id,
    )


@router.post(
    "/training/", status_code=201, responses=examples.answer(examples.CREATED_JOB, status=201)
)
async def create(
    asked: JobRequest,
    services: RunningServices,
    workspace: Workspace,
    uri: TrackingUri,
    reader: Reader,
) -> JobEntry:
    """Create a job; nothing is trained until it is started."""
    spec = _spec(asked)
    job = await services.jobs.create(
        spec, workspace, experiment=EXPERIMENT, tracking_uri=uri, start=False
    )
    return await _entry(services, reader, job)


@router.get("/training/", responses=examples.answer(examples.JOB, is_list=True))
async def get_jobs(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    reader: Reader,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Offset = 0,
) -> list[JobEntry]:
    """The jobs of this server, newest first."""
    page = Page(limit=limit, offset=offset)
    listed = await run_in_threadpool(services.job_store.listed, workspace, page)
    return [await _entry(services, reader, job) for job in listed.announced(response)]


@router.get("/training/{job_id}", responses=examples.answer(examples.JOB))
async def get_job(job_id: str, services: RunningServices, reader: Reader) -> JobEntry:
    return await _entry(services, reader, await services.jobs.find(job_id))


@router.post("/training/{job_id}/start", responses=examples.answer(examples.JOB_STARTED))
async def start_job(job_id: str, services: RunningServices) -> JobStarted:
    """Begin a job that was created."""
    job = await services.jobs.start(job_id)
    return JobStarted(job_id=job.run_id, message="The job is on its way")


@router.get("/training/{job_id}/progress", responses=examples.answer(examples.JOB_PROGRESS))
async def get_progress(job_id: str, services: RunningServices, reader: Reader) -> JobProgress:
    """How far the job is, and its newest log lines."""
    job = await services.jobs.find(job_id)
    run = await run_in_threadpool(reader.state, job.run_id)
    return job_progress(job, run, await services.job_logs.tail(job.run_id, RECENT_LINES))


@router.get(
    "/training/{job_id}/logs",
    responses=examples.answer(examples.LOG_LINE, is_list=True, is_counted=False),
)
async def get_logs(job_id: str, services: RunningServices, limit: Limit = 1000) -> list[LogLine]:
    """The newest lines that the job has printed, oldest first."""
    job = await services.jobs.find(job_id)
    return log_entries(await services.job_logs.tail(job.run_id, limit))


@router.post("/training/{job_id}/cancel", responses=examples.answer(examples.CANCELLED_JOB))
async def cancel(
    job_id: str, services: RunningServices, workspace: Workspace, by: By, reader: Reader
) -> JobEntry:
    """Stop the job: it saves and ends, or never begins."""
    job = await services.jobs.find(job_id)
    await services.control.command(job_id, workspace, Action.STOP, by)
    return await _entry(services, reader, job)


async def _entry(services: RunningServices, reader: Reader, job: Job) -> JobEntry:
    run = await run_in_threadpool(reader.state, job.run_id, 2)
    return job_entry(job, run, await services.control.find(job.run_id))


def _spec(asked: JobRequest) -> JobSpec:
    for field in ("dataset_id", "base_model_id"):
        if getattr(asked, field) is not None:
            expected = field.removesuffix("_id").replace("dataset", "data")
            problem = {"loc": ("body", field), "msg": f"unknown here: give `{expected}`, a path"}
            raise RequestValidationError([problem])
    require_recipe(asked.type, ("body", "type"))
    params = dict(asked.config)
    if "num_epochs" in params:
        params["epochs"] = params.pop("num_epochs")
    if asked.base_model is not None:
        params["weights"] = asked.base_model
    require_params(asked.type, params, ("body", "config"))
    return JobSpec(recipe=asked.type, data=asked.data, params=params, output_name=asked.output_name)
