"""WS /api/v1/runs/{run_id}/control: the control link of a run."""

from fastapi import APIRouter, WebSocket
from fastapi.exceptions import RequestValidationError
from mlflow.exceptions import MlflowException
from mlflow.utils.workspace_utils import WORKSPACE_HEADER_NAME
from starlette.concurrency import run_in_threadpool

from api.control.link import close, refuse
from api.errors import ApiError
from api.routes.dependencies import RunningServices, issuer_of
from api.runs.workspaces import resolve_workspace

NOT_UNDERSTOOD = 4422

router = APIRouter()


@router.websocket("/api/v1/runs/{run_id}/control")
async def control_link(socket: WebSocket, run_id: str, services: RunningServices) -> None:
    # A client receives a close code only if the socket was accepted.
    await socket.accept()
    header = socket.headers.get(WORKSPACE_HEADER_NAME)
    try:
        workspace = await run_in_threadpool(resolve_workspace, socket.url.path, header)
    except (ApiError, MlflowException) as error:
        await refuse(socket, error)
    except RequestValidationError:
        await close(socket, NOT_UNDERSTOOD, f"{WORKSPACE_HEADER_NAME} names no workspace")
    else:
        issuer = issuer_of(socket)
        await services.control_links.serve(socket, run_id, workspace, issuer)
