"""/api/v1/projects/{project_id}/predict: predictions by the model that a project has deployed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse

from api.errors import ErrorResponse
from api.predictions.answers import predict_answer
from api.predictions.schemas import AnswerFormat, PredictAnswer, RowsRequest
from api.predictions.service import Parts, one_part
from api.predictions.streams import csv_rows, ndjson
from api.routes.connected import while_connected
from api.routes.dependencies import RunningServices, Workspace, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import predictions as examples
from api.routes.prediction_body import BODY, PredictionBody
from api.routes.projects import ProjectId

_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorResponse, "description": "The form cannot be read"},
    409: {"model": ErrorResponse, "description": "There is no model yet, or it cannot be served"},
    502: {"model": ErrorResponse, "description": "The inference service failed"},
    503: {"model": ErrorResponse, "description": "The inference service is not there"},
    504: {"model": ErrorResponse, "description": "The inference service was too slow"},
}
_STREAMS = {
    AnswerFormat.NDJSON: (ndjson, "application/x-ndjson"),
    AnswerFormat.CSV: (csv_rows, "text/csv"),
}

router = APIRouter(
    prefix="/api/v1/projects",
    tags=["projects"],
    dependencies=[Depends(in_workspace)],
    responses={**REFUSALS, **_REFUSED},
)

Format = Annotated[
    AnswerFormat | None,
    Query(alias="format", description="default: json for rows, ndjson for a file"),
]


async def deployed_model(
    project_id: ProjectId, services: RunningServices, workspace: Workspace
) -> str:
    """The name of the registered model that the project has deployed."""
    return await services.projects.deployed_model(project_id, workspace)


DeployedModel = Annotated[str, Depends(deployed_model)]


@router.post(
    "/{project_id}/predict",
    response_model=PredictAnswer,
    responses=documented(examples.PREDICTIONS),
    openapi_extra=BODY,
)
async def predict(
    request: Request,
    services: RunningServices,
    model: DeployedModel,
    body: PredictionBody,
    answer_format: Format = None,
) -> PredictAnswer | Response:
    """Predict rows, or the rows of a file. NDJSON and CSV are streamed."""
    predictions = services.predictions
    if isinstance(body, RowsRequest):
        found = await while_connected(request, predictions.predict(model, body))
        if answer_format in (None, AnswerFormat.JSON):
            return predict_answer(found)
        return _streamed(one_part(found), answer_format)
    if answer_format is AnswerFormat.JSON:
        raise RequestValidationError(
            [{"loc": ("query", "format"), "msg": "ndjson or csv was expected for a file"}]
        )
    parts = await while_connected(request, predictions.predict_file(model, body))
    return _streamed(parts, answer_format or AnswerFormat.NDJSON)


def _streamed(parts: Parts, answer_format: AnswerFormat) -> StreamingResponse:
    write, media_type = _STREAMS[answer_format]
    return StreamingResponse(write(parts), media_type=media_type)
