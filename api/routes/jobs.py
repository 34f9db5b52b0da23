"""/api/jobs: jobs of every kind, and the kinds there are."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response

from api.errors import ErrorResponse
from api.jobs.kinds import JOB_KINDS, require_kind
from api.jobs.log_lines import LogLine
from api.jobs.schemas import (
    JobCancelled,
    JobChange,
    JobEntry,
    JobKindEntry,
    JobProgress,
    JobQueue,
    JobStarted,
    NewJob,
)
from api.pages import Limit, Offset, Page
from api.routes.dependencies import By, RunningServices, Workspace, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import jobs as examples
from api.routes.own_address import own_url
from tracking_plugin.data_roots import DataRoots
from tracking_plugin.server_address import is_loopback

router = APIRouter(
    prefix="/api/jobs",
    tags=["jobs"],
    dependencies=[Depends(in_workspace)],
    responses={
        **REFUSALS,
        400: {"model": ErrorResponse, "description": "The body is not JSON"},
        409: {"model": ErrorResponse, "description": "The job's status does not allow that"},
    },
)


def tracking_uri(request: Request) -> str:
    """The URL at which jobs reach this server: the configured one, else that of its own socket."""
    configured: str | None = request.app.state.public_url
    return configured or own_url(request.scope)


TrackingUri = Annotated[str, Depends(tracking_uri)]


def data_roots(request: Request) -> DataRoots:
    """The configured folders; without any, every path on a server for this machine, else none."""
    configured: tuple[Path, ...] | None = request.app.state.data_roots
    if configured is not None or not _serves_this_machine_alone(request):
        return DataRoots(configured or ())
    return DataRoots(None)


def _serves_this_machine_alone(request: Request) -> bool:
    """Whether the socket, the client and the public URL, if there is one, are all on loopback."""
    server, _ = request.scope.get("server") or ("", None)
    public = urlsplit(request.app.state.public_url).hostname
    return all(
        is_loopback(host)
        for host in (server, request.client.host if request.client else "", public)
        if host is not None
    )


Roots = Annotated[DataRoots, Depends(data_roots)]
KindName = Annotated[
    str, Query(description="one kind only", json_schema_extra={"enum": list(JOB_KINDS)})
]
JobLimit = Annotated[int, Query(ge=1, le=1000)]
CancelTimeoutS = Annotated[
    float, Query(ge=0, le=600, description="seconds to wait until the training has acknowledged it")
]


@router.get("/kinds", responses=documented(examples.JOB_KIND, is_list=True, is_counted=False))
def get_job_kinds() -> list[JobKindEntry]:
    """The kinds of job, with the JSON Schema of their parameters."""
    return [
        JobKindEntry(name=kind.name, can_pause=kind.can_pause, params_schema=kind.params_schema)
        for kind in JOB_KINDS.values()
    ]


@router.post("", status_code=201, responses=documented(examples.EVALUATE_JOB, status=201))
async def create_job(
    body: NewJob, services: RunningServices, workspace: Workspace, uri: TrackingUri, roots: Roots
) -> JobEntry:
    """Create a job of any kind, and start it unless `start` is false."""
    kind = require_kind(body.kind, ("body", "kind"))
    kind.require_params(body.params, ("body", "params"))
    params = await services.inputs.resolved(kind, body.params, workspace, ("body", "params"))
    job = await services.jobs.create(
        *(kind, params, workspace),
        tracking_uri=uri,
        roots=roots,
        start=body.start,
        priority=body.priority,
    )
    return await services.jobs.entry(job)


@router.get("", responses=documented(examples.EVALUATE_JOB, is_list=True))
async def get_all_jobs(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    kind: KindName | None = None,
    limit: JobLimit = 100,
    offset: Offset = 0,
) -> list[JobEntry]:
    """The jobs of this server, newest first."""
    only = None if kind is None else require_kind(kind, ("query", "kind"))
    page = Page(limit=limit, offset=offset)
    return (await services.jobs.listed(workspace, page, only)).with_total_header(response)


@router.get("/queue", responses=documented(examples.JOB_QUEUE, is_list=True, is_counted=False))
async def get_job_queues(services: RunningServices, workspace: Workspace) -> list[JobQueue]:
    """The jobs that run and that wait, for the GPUs and for the CPUs of the cluster."""
    return await services.jobs.queues(workspace)


@router.get("/{job_id}", responses=documented(examples.EVALUATE_JOB))
async def get_any_job(job_id: str, services: RunningServices) -> JobEntry:
    return await services.jobs.entry(await services.jobs.find(job_id))


@router.post("/{job_id}/start", responses=documented(examples.JOB_STARTED))
async def start_any_job(job_id: str, services: RunningServices) -> JobStarted:
    """Start a job that was only created."""
    job = await services.jobs.start(job_id)
    return JobStarted(job_id=job.run_id, message="The job will be submitted to Ray")


@router.get("/{job_id}/progress", responses=documented(examples.JOB_PROGRESS))
async def get_job_progress(job_id: str, services: RunningServices) -> JobProgress:
    """The job's progress and its newest log lines."""
    return await services.jobs.progress(job_id)


@router.get(
    "/{job_id}/logs",
    responses=documented(examples.LOG_LINE, is_list=True, is_counted=False),
)
async def get_job_logs(
    job_id: str, services: RunningServices, limit: Limit = 1000
) -> list[LogLine]:
    """The newest lines that the job has printed, oldest first."""
    return await services.jobs.log_lines(job_id, limit)


@router.post("/{job_id}/cancel", responses=documented(examples.CANCELLED_JOB))
async def cancel_job(
    job_id: str,
    services: RunningServices,
    workspace: Workspace,
    by: By,
    timeout_s: CancelTimeoutS = 10,
) -> JobCancelled:
    """Stop the job. A training saves before it ends; a job that has not begun never begins."""
    return await services.jobs.cancel(job_id, workspace, by, timeout_s=timeout_s)


@router.post("/{job_id}/resume", responses=documented(examples.JOB_RESUMED))
async def resume_job(job_id: str, services: RunningServices) -> JobStarted:
    """Continue a training that was interrupted, failed or was stopped from its last checkpoint."""
    job = await services.jobs.resume(job_id)
    return JobStarted(
        status="resumed", job_id=job.run_id, message="The job waits in the queue to go on"
    )


@router.patch("/{job_id}", responses=documented(examples.EVALUATE_JOB))
async def change_job(job_id: str, body: JobChange, services: RunningServices) -> JobEntry:
    """Give a job that has not begun another priority."""
    return await services.jobs.entry(await services.jobs.set_priority(job_id, body.priority))
