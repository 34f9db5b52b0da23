"""/api/v1/projects: uploads become projects, whose pipelines make models of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from mlflow.exceptions import MlflowException
from mlflow.utils.workspace_utils import WORKSPACE_HEADER_NAME
from starlette.concurrency import run_in_threadpool

from api.errors import ApiError, ErrorResponse, close_code_of
from api.middleware.admission import close_reason
from api.pages import Offset, Page
from api.projects.asyncapi import STREAM_PATH
from api.projects.received import DOCUMENTED_FORM
from api.projects.schemas import (
    AnswerRequest,
    GalaxyProject,
    OverrideRequest,
    ProjectDeleted,
    ProjectDetail,
    ProjectProgress,
    ProjectResponse,
    ProjectSummary,
)
from api.projects.stages import ProjectStatus
from api.routes.connected import while_connected
from api.routes.dependencies import By, RunningServices, Workspace, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import projects as examples
from api.routes.jobs import TrackingUri
from api.runs.workspaces import resolve_workspace

_NOT_UNDERSTOOD = 4422
_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorResponse, "description": "The body is not JSON"},
    409: {"model": ErrorResponse, "description": "The project's status does not allow that"},
    423: {"model": ErrorResponse, "description": "Another request is changing the project"},
}
_REFUSED_UPLOADS: dict[int | str, dict[str, Any]] = {
    415: {"model": ErrorResponse, "description": "The file is of no type that is read"},
    507: {"model": ErrorResponse, "description": "The server's disk is full"},
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": DOCUMENTED_FORM}},
    }
}

router = APIRouter(
    prefix="/api/v1/projects",
    tags=["projects"],
    dependencies=[Depends(in_workspace)],
    responses={**REFUSALS, **_REFUSED},
)
sockets = APIRouter()

ProjectId = Annotated[str, Path(max_length=64, description="`project_id` of a project")]
GalaxyLimit = Annotated[int, Query(ge=1, le=500)]
ProjectLimit = Annotated[int, Query(ge=1, le=1000)]
Stop = Annotated[bool, Query(description="stop the pipeline first, if it runs")]


@router.post("/", status_code=201, include_in_schema=False)
@router.post(
    "",
    status_code=201,
    responses={**documented(examples.CREATED, status=201), **_REFUSED_UPLOADS},
    openapi_extra=_FORM,
)
async def create_project(
    request: Request, services: RunningServices, workspace: Workspace, uri: TrackingUri, by: By
) -> ProjectResponse:
    """Upload a table or an archive of images; its pipeline starts unless there is a question."""
    projects, headers = services.projects, request.headers
    declared = headers.get("content-length", "")
    receiving = projects.receiving(
        headers.get("content-type", ""),
        request.stream(),
        int(declared) if declared.isdecimal() else 0,
    )
    async with receiving as received:
        found = await while_connected(request, projects.inspect(received))
        return await projects.create(received, found, workspace, uri, by)


@router.get("/", include_in_schema=False)
@router.get("", responses=documented(examples.SUMMARY, is_list=True))
async def get_projects(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    limit: ProjectLimit = 50,
    offset: Offset = 0,
    status: ProjectStatus | None = None,
) -> list[ProjectSummary]:
    """The projects, newest first."""
    page = Page(limit=limit, offset=offset)
    return (await services.projects.listed(workspace, page, status)).with_total_header(response)


@router.get("/galaxy", responses=documented(examples.GALAXY, is_list=True))
async def get_galaxy(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    limit: GalaxyLimit = 500,
    offset: Offset = 0,
) -> list[GalaxyProject]:
    """The projects, newest first, each with its number of runs and at most 24 of them."""
    page = Page(limit=limit, offset=offset)
    return (await services.galaxy.projects(workspace, page)).with_total_header(response)


@router.get("/{project_id}", responses=documented(examples.DETAIL))
async def get_project(
    project_id: ProjectId, services: RunningServices, workspace: Workspace
) -> ProjectDetail:
    """A project with its question, or with all that its pipeline has found so far."""
    return await services.projects.detail(project_id, workspace)


@router.get("/{project_id}/progress", responses=documented(examples.PROGRESS))
async def get_project_progress(
    project_id: ProjectId, services: RunningServices, workspace: Workspace
) -> ProjectProgress:
    """The stage of a project, and the time left as measured so far."""
    return await services.projects.progress(project_id, workspace)


@router.post("/{project_id}/answer", responses=documented(examples.DETAIL))
async def answer_question(
    project_id: ProjectId,
    body: AnswerRequest,
    services: RunningServices,
    workspace: Workspace,
    by: By,
) -> ProjectDetail:
    """Answer the question of a project, which then goes on; an offer starts the pipeline again."""
    return await services.projects.answer(project_id, workspace, body, by)


@router.post("/{project_id}/override", responses=documented(examples.DETAIL))
async def override_leak(
    project_id: ProjectId,
    body: OverrideRequest,
    services: RunningServices,
    workspace: Workspace,
    by: By,
) -> ProjectDetail:
    """Train on a column although it was flagged; the pipeline starts again as a new run."""
    return await services.projects.override(project_id, workspace, body, by)


@router.post("/{project_id}/cancel", responses=documented(examples.PROGRESS))
async def cancel_project(
    project_id: ProjectId, services: RunningServices, workspace: Workspace, by: By
) -> ProjectProgress:
    """Stop the pipeline of a project; what it has found so far stays."""
    return await services.projects.cancel(project_id, workspace, by)


@router.delete("/{project_id}", responses=documented(examples.DELETED))
async def delete_project(
    project_id: ProjectId,
    services: RunningServices,
    workspace: Workspace,
    by: By,
    stop: Stop = False,
) -> ProjectDeleted:
    """Delete a project with its upload, runs, artifacts and registered model, for good."""
    return await services.projects.delete(project_id, workspace, by, stop=stop)


@sockets.websocket(STREAM_PATH)
async def stream_project(socket: WebSocket, project_id: str, services: RunningServices) -> None:
    """The events of a project, beginning with its present state."""
    # A client receives a close code only if the socket was accepted.
    await socket.accept()
    # Browsers cannot send headers with a handshake.
    named = socket.headers.get(WORKSPACE_HEADER_NAME) or socket.query_params.get("workspace")
    try:
        workspace = await run_in_threadpool(resolve_workspace, socket.url.path, named)
    except ApiError as error:
        await socket.close(close_code_of(error), close_reason(error))
    except (MlflowException, RequestValidationError):
        await socket.close(_NOT_UNDERSTOOD, f"{WORKSPACE_HEADER_NAME} names no workspace")
    else:
        await services.project_streams.serve(socket, project_id, workspace)
