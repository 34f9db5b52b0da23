"""/api/v1/runs/{run_id}/commands: sends a one-time command to a run, and lists those it was sent."""

from fastapi import APIRouter, Depends, Response

from api.control.instruction_entries import instruction_entry, instruction_response
from api.control.instruction_schemas import InstructionEntry, InstructionRequest, UnderstoodCommands
from api.errors import ErrorResponse
from api.pages import Limit, Offset, Page
from api.routes.dependencies import By, Control, Workspace, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import control as examples
from api.timestamps import unix_ms

router = APIRouter(
    prefix="/api/v1/runs/{run_id}/commands",
    tags=["control"],
    dependencies=[Depends(in_workspace)],
    responses=REFUSALS,
)


@router.post(
    "",
    status_code=201,
    responses={
        **documented(examples.INSTRUCTION, status=201),
        400: {"model": ErrorResponse, "description": "The body is not JSON"},
        409: {
            "model": ErrorResponse,
            "description": "The run does not understand the command, has ended, or has not answered "
            "those before it",
        },
    },
)
async def send_command(
    control: Control, run_id: str, workspace: Workspace, by: By, body: InstructionRequest
) -> InstructionEntry:
    """Send a command that the run carries out once, between two steps; with `wait_s`, wait for its answer."""
    instructions = control.instructions
    record_id = await instructions.instruct(run_id, workspace, body.name, body.arguments, by)
    record, state = await instructions.wait_answered(record_id, run_id, body.wait_s)
    return instruction_response(record, state, unix_ms())


@router.get("", responses=documented(examples.INSTRUCTION, is_list=True))
async def get_one_time_commands(
    control: Control,
    run_id: str,
    workspace: Workspace,
    response: Response,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[InstructionEntry]:
    """The one-time commands to the run with the run's answers; newest first."""
    page = Page(limit=limit, offset=offset)
    listed = await control.instructions.history(run_id, workspace, page)
    return [instruction_entry(record) for record in listed.with_total_header(response)]


@router.get("/understood", responses=documented(examples.UNDERSTOOD))
async def get_understood_commands(
    control: Control, run_id: str, workspace: Workspace
) -> UnderstoodCommands:
    """The one-time commands that the run takes now."""
    return await control.instructions.understood(run_id, workspace)
