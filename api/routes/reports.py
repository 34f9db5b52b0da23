"""POST /api/v1/runs/report and /api/v1/projects/{project_id}/report: a report as one HTML page."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse, Response

from api.errors import ErrorResponse
from api.reports.page import POLICY
from api.reports.schemas import STORED_HEADER, ReportOptions, ReportRequest
from api.reports.service import Report
from api.routes.dependencies import RunningServices, Workspace, in_workspace
from api.routes.documented import REFUSALS

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

router = APIRouter(
    prefix="/api/v1",
    tags=["reports"],
    dependencies=[Depends(in_workspace)],
    responses=_RESPONSES,
    # Of the errors, which are JSON: a page is documented above.
    default_response_class=Response,
)


@router.post("/runs/report", response_model=None)
async def report_runs(
    services: RunningServices, workspace: Workspace, body: ReportRequest
) -> HTMLResponse:
    """A run as a model card, or several compared, as one HTML page that can be printed."""
    return _response(await services.reports.of_runs(body.run_ids, workspace, body))


@router.post("/projects/{project_id}/report", response_model=None)
async def report_project(
    project_id: Annotated[str, Path(max_length=64, description="`project_id` of a project")],
    services: RunningServices,
    workspace: Workspace,
    body: ReportOptions,
) -> HTMLResponse:
    """A project with its data, decisions and model as one HTML page that can be printed."""
    return _response(await services.reports.of_project(project_id, workspace, body))


def _response(report: Report) -> HTMLResponse:
    headers = {
        "Content-Security-Policy": f"{POLICY}; frame-ancestors 'self'; sandbox",
        "Content-Disposition": f'inline; filename="{report.file_name}"',
    }
    if report.stored_as is not None:
        headers[STORED_HEADER] = "/".join(report.stored_as)
    return HTMLResponse(report.html, headers=headers)
