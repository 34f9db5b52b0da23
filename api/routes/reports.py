"""/api/v1/runs/report and /api/v1/projects/{project_id}/report: a report as one HTML page.

GET is for links, which cannot have a header, and stores nothing.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from mlflow.utils.workspace_utils import WORKSPACE_HEADER_NAME

from api.errors import ErrorResponse
from api.reports.page import POLICY
from api.reports.schemas import (
    MOST_RUNS,
    STORED_HEADER,
    Language,
    ReportOptions,
    ReportRequest,
    RunId,
)
from api.reports.service import Report
from api.routes.dependencies import RunningServices, Workspace, in_workspace
from api.routes.documented import REFUSALS
from api.runs.workspaces import resolve_workspace

_RESPONSES: dict[int | str, dict[str, Any]] = {
    **REFUSALS,
    200: {
        "description": "The report, a page that loads nothing else",
        "content": {"text/html": {"schema": {"type": "string"}}},
        "headers": {
            STORED_HEADER: {
                "schema": {"type": "string"},
                "description": "of a stored report: RUN_ID/PATH of the artifact",
            }
        },
    },
    400: {"model": ErrorResponse, "description": "The body is not JSON"},
    409: {"model": ErrorResponse, "description": "A run is deleted, or the project has none yet"},
    413: {"model": ErrorResponse, "description": "The report or the body would be too large"},
}

links = APIRouter(
    prefix="/api/v1", tags=["reports"], responses=_RESPONSES, default_response_class=Response
)
router = APIRouter(
    prefix="/api/v1",
    tags=["reports"],
    dependencies=[Depends(in_workspace)],
    responses=_RESPONSES,
    # Of the errors, which are JSON: a page is documented above.
    default_response_class=Response,
)

ProjectId = Annotated[str, Path(max_length=64, description="`project_id` of a project")]
Texts = Annotated[Language, Query(description="of the report's own texts")]


def linked_workspace(
    request: Request,
    workspace: Annotated[
        str | None,
        Query(
            max_length=256,
            description="MLflow workspace, where workspaces are enabled; its header counts first",
        ),
    ] = None,
    header: Annotated[str | None, Header(alias=WORKSPACE_HEADER_NAME)] = None,
) -> str | None:
    return resolve_workspace(request.url.path, header or workspace)


LinkedWorkspace = Annotated[str | None, Depends(linked_workspace)]


@links.get("/runs/report", response_model=None)
async def get_report_on_runs(
    services: RunningServices,
    workspace: LinkedWorkspace,
    run_id: Annotated[
        list[RunId],
        Query(min_length=1, max_length=MOST_RUNS, description="ids of the runs, in order"),
    ],
    language: Texts = Language.EN,
) -> HTMLResponse:
    """A run as a model card, or several compared, as one HTML page that can be printed."""
    options = ReportOptions(language=language)
    return _response(await services.reports.of_runs(run_id, workspace, options))


@links.get("/projects/{project_id}/report", response_model=None)
async def get_report_on_project(
    services: RunningServices,
    workspace: LinkedWorkspace,
    project_id: ProjectId,
    language: Texts = Language.EN,
) -> HTMLResponse:
    """A project with its data, decisions and model as one HTML page that can be printed."""
    options = ReportOptions(language=language)
    return _response(await services.reports.of_project(project_id, workspace, options))


@router.post("/runs/report", response_model=None)
async def report_runs(
    services: RunningServices, workspace: Workspace, body: ReportRequest
) -> HTMLResponse:
    """The same, which is kept as an artifact if `store` is true."""
    return _response(await services.reports.of_runs(body.run_ids, workspace, body))


@router.post("/projects/{project_id}/report", response_model=None)
async def report_project(
    project_id: ProjectId,
    services: RunningServices,
    workspace: Workspace,
    body: ReportOptions,
) -> HTMLResponse:
    """The same, which is kept as an artifact if `store` is true."""
    return _response(await services.reports.of_project(project_id, workspace, body))


def _response(report: Report) -> HTMLResponse:
    headers = {
        "Content-Security-Policy": f"{POLICY}; frame-ancestors 'self'",
        "Content-Disposition": f'inline; filename="{report.file_name}"',
    }
    if report.stored_as is not None:
        headers[STORED_HEADER] = "/".join(report.stored_as)
    return HTMLResponse(report.html, headers=headers)
