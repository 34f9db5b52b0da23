"""/api/custom and /api/pretrained: a chosen model is trained, or a registered one predicts."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from api.custom_training.form import documented_form
from api.custom_training.prediction_form import PREDICTION_FORM
from api.custom_training.schemas import (
    SessionError,
    SessionProgress,
    SessionResult,
    SessionStarted,
)
from api.routes.connected import while_connected
from api.routes.dependencies import By, RunningServices, Workspace, in_workspace
from api.routes.documented import documented
from api.routes.examples import custom_training as examples
from api.routes.jobs import TrackingUri
from api.routes.session_errors import SessionRoute

_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": SessionError, "description": "A field is wrong, or it is too early"},
    404: {"model": SessionError, "description": "There is no such session"},
    422: {"model": SessionError, "description": "The table cannot be learned from"},
    503: {"model": SessionError, "description": "A database or NASA's archive is out of reach"},
}
_REFUSED_UPLOADS: dict[int | str, dict[str, Any]] = {
    415: {"model": SessionError, "description": "The file is of no type that is read"},
    507: {"model": SessionError, "description": "The server's disk is full"},
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": documented_form()}},
    }
}
_PREDICTION_FORM = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": PREDICTION_FORM}},
    }
}

router = APIRouter(
    prefix="/api",
    tags=["custom training"],
    dependencies=[Depends(in_workspace)],
    responses=_REFUSED,
    route_class=SessionRoute,
)

SessionId = Annotated[str, Path(max_length=64, description="`session_id` of a training")]


@router.post(
    "/custom/train",
    status_code=202,
    responses={**documented(examples.STARTED, status=202), **_REFUSED_UPLOADS},
    openapi_extra=_FORM,
)
async def train(
    request: Request, services: RunningServices, workspace: Workspace, uri: TrackingUri, by: By
) -> SessionStarted:
    """Start a training; its session is a run in MLflow, and the pipeline of a project."""
    service = services.custom_training
    async with service.receiving(*_content(request)) as received:
        project, found = await while_connected(request, service.prepare(received))
        return await service.start(project, found, workspace, uri, by)


@router.get("/custom/progress/{session_id}", responses=documented(examples.PROGRESS))
async def get_training_progress(
    session_id: SessionId, services: RunningServices, workspace: Workspace
) -> SessionProgress:
    """How far a training is, and what it is doing."""
    return await services.training_sessions.progress(session_id, workspace)


@router.get("/custom/result/{session_id}", responses=documented(examples.RESULT))
async def get_training_result(
    session_id: SessionId, services: RunningServices, workspace: Workspace
) -> SessionResult:
    """What a completed training has reached, with explained predictions."""
    return await services.training_sessions.result(session_id, workspace)


@router.post(
    "/pretrained/predict",
    status_code=202,
    responses={**documented(examples.PREDICTION_STARTED, status=202), **_REFUSED_UPLOADS},
    openapi_extra=_PREDICTION_FORM,
)
async def predict_with_registered_model(
    request: Request, services: RunningServices, workspace: Workspace, uri: TrackingUri, by: By
) -> SessionStarted:
    """Have a registered model predict a table; where it has labels, they are compared.

    With a `training_file` the model learns further from it before, and becomes a new version.
    """
    service = services.pretrained
    async with service.receiving(*_content(request)) as received:
        project, found = await while_connected(request, service.prepare(received, workspace))
        return await service.start(project, found, workspace, uri, by)


@router.get("/pretrained/progress/{session_id}", responses=documented(examples.PROGRESS))
async def get_prediction_progress(
    session_id: SessionId, services: RunningServices, workspace: Workspace
) -> SessionProgress:
    """How far the predictions are."""
    return await services.training_sessions.progress(session_id, workspace)


@router.get("/pretrained/result/{session_id}", responses=documented(examples.RESULT))
async def get_prediction_result(
    session_id: SessionId, services: RunningServices, workspace: Workspace
) -> SessionResult:
    """The predictions with explanations, and what the model reaches on rows with labels."""
    return await services.training_sessions.result(session_id, workspace)


def _content(request: Request) -> tuple[str, AsyncIterator[bytes], int]:
    """Type, body and declared size of a form; the size is 0 if it is not known."""
    declared = request.headers.get("content-length", "")
    size_bytes = int(declared) if declared.isdecimal() else 0
    return request.headers.get("content-type", ""), request.stream(), size_bytes
