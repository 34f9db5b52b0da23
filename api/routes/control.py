"""POST /api/training/pause, resume and stop: commands to a run; and the audit of its commands."""

from fastapi import APIRouter, Depends, Response

from api.control.responses import command_entry, control_response
from api.control.schemas import (
    CommandEntry,
    ControlRequest,
    ControlResponse,
    PauseRequest,
)
from api.control.service import AcceptedCommand, ControlService
from api.control.transitions import Action
from api.errors import ErrorResponse
from api.pages import Limit, Offset, Page
from api.routes.dependencies import (
    By,
    Control,
    SelectedRun,
    Workspace,
    in_workspace,
)
from api.routes.documented import REFUSALS, documented
from api.routes.examples import control as examples
from api.timestamps import unix_ms

router = APIRouter(
    prefix="/api/training",
    tags=["control"],
    dependencies=[Depends(in_workspace)],
    responses={
        **REFUSALS,
        400: {"model": ErrorResponse, "description": "The body is not JSON"},
        409: {"model": ErrorResponse, "description": "The run's status does not allow that"},
        503: {"model": ErrorResponse, "description": "A database is unreachable"},
    },
)


@router.post("/pause", responses=documented(examples.CONTROLLED))
async def pause(
    control: Control,
    run_id: SelectedRun,
    workspace: Workspace,
    by: By,
    body: PauseRequest | None = None,
) -> ControlResponse:
    """Pause the run, or have it release its accelerators; the response comes once every rank has done so."""
    release = body is not None and body.release
    accepted = await control.command(run_id, workspace, Action.PAUSE, by, release=release)
    return await _settled(control, accepted, body)


@router.post("/resume", responses=documented(examples.RESUMED))
async def resume(
    control: Control,
    run_id: SelectedRun,
    workspace: Workspace,
    by: By,
    body: ControlRequest | None = None,
) -> ControlResponse:
    """Resume a paused run from the exact step at which it was paused."""
    accepted = await control.command(run_id, workspace, Action.RESUME, by)
    return await _settled(control, accepted, body)


@router.post("/stop", responses=documented(examples.STOPPED))
async def stop(
    control: Control,
    run_id: SelectedRun,
    workspace: Workspace,
    by: By,
    body: ControlRequest | None = None,
) -> ControlResponse:
    """Stop the run: it finishes its step, saves, and ends as KILLED in MLflow with all its metrics."""
    accepted = await control.command(run_id, workspace, Action.STOP, by)
    return await _settled(control, accepted, body)


@router.get("/{run_id}/commands", responses=documented(examples.COMMAND, is_list=True))
async def get_commands(
    control: Control,
    run_id: str,
    workspace: Workspace,
    response: Response,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[CommandEntry]:
    """All commands to the run, with issuer and outcome; newest first."""
    listed = await control.history(run_id, workspace, Page(limit=limit, offset=offset))
    return [command_entry(record) for record in listed.with_total_header(response)]


async def _settled(
    control: ControlService, accepted: AcceptedCommand, body: ControlRequest | None
) -> ControlResponse:
    record, state = await control.wait_settled(accepted, (body or ControlRequest()).timeout_s)
    return control_response(record, state, unix_ms())
