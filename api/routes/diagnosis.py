"""/api/v1/dicom and /api/v1/ai-grpc: diagnosis of images by the gRPC service, and feedback on it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from api.diagnosis.records import DiagnosisRecord
from api.diagnosis.schemas import (
    BatchAnswer,
    DiagnosisAnswer,
    FeedbackEntry,
    FeedbackRequest,
    ServiceHealth,
    UploadAnswer,
)
from api.errors import ErrorResponse
from api.routes.connected import while_connected
from api.routes.dependencies import RunningServices, Workspace, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import diagnosis as examples
from api.routes.upload_form import (
    MAX_FIELD_BYTES,
    MAX_FILES,
    Images,
    Options,
)
from api.timestamps import utc

_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorResponse, "description": "The form cannot be read"},
    409: {"model": ErrorResponse, "description": "No model is registered for what is asked"},
    502: {"model": ErrorResponse, "description": "The diagnosis service failed"},
    503: {
        "model": ErrorResponse,
        "description": "The diagnosis service or a database is not there",
    },
    504: {"model": ErrorResponse, "description": "The diagnosis service was too slow"},
}

router = APIRouter(
    prefix="/api/v1",
    tags=["diagnosis"],
    dependencies=[Depends(in_workspace)],
    responses={**REFUSALS, **_REFUSED},
    form_limits={
        "max_files": MAX_FILES,
        # The sides of the eyes, and the options.
        "max_fields": MAX_FILES + 16,
        "max_part_size": MAX_FIELD_BYTES,
    },
)

RequestId = Annotated[str, Path(max_length=64, description="`request_id` of a diagnosis")]


@router.post("/dicom/upload", responses=documented(examples.UPLOAD))
async def upload(request: Request, services: RunningServices, images: Images) -> UploadAnswer:
    """Decode images and check them, without a diagnosis; nothing of them is kept."""
    return UploadAnswer(data=await while_connected(request, services.diagnosis.check(images)))


@router.post("/dicom/diagnose", responses=documented(examples.DIAGNOSIS))
@router.post("/ai-grpc/diagnose", responses=documented(examples.DIAGNOSIS))
async def diagnose(
    request: Request,
    services: RunningServices,
    workspace: Workspace,
    images: Images,
    options: Options,
) -> DiagnosisAnswer:
    """Diagnose a patient from one or more images."""
    work = services.diagnosis.diagnose(images, options, workspace)
    return DiagnosisAnswer(data=await while_connected(request, work))


@router.post("/dicom/batch", responses=documented(examples.BATCH))
@router.post("/ai-grpc/diagnose-batch", responses=documented(examples.BATCH))
async def diagnose_batch(
    request: Request,
    services: RunningServices,
    workspace: Workspace,
    images: Images,
    options: Options,
) -> BatchAnswer:
    """Diagnose each image by itself; one that cannot be diagnosed has an `error`."""
    work = services.diagnosis.diagnose_batch(images, options, workspace)
    data = await while_connected(request, work)
    return BatchAnswer(count=len(data), data=data)


@router.get("/ai-grpc/health", responses=documented(examples.HEALTH))
async def get_service_health(services: RunningServices) -> ServiceHealth:
    """The state of the diagnosis service; 200 also while it is down, with the status `error`."""
    return await services.diagnosis.health()


@router.post("/dicom/feedback/{request_id}", responses=documented(examples.FEEDBACK))
async def give_feedback(
    request_id: RequestId, body: FeedbackRequest, services: RunningServices, workspace: Workspace
) -> FeedbackEntry:
    """Agree with a diagnosis or overrule it; again to replace what was said before."""
    given = await services.diagnosis.feedback.give(workspace, request_id, body)
    return _feedback_entry(given)


@router.get("/dicom/feedback/{request_id}", responses=documented(examples.FEEDBACK))
async def get_feedback(
    request_id: RequestId, services: RunningServices, workspace: Workspace
) -> FeedbackEntry:
    """The newest feedback on a diagnosis."""
    return _feedback_entry(await services.diagnosis.feedback.find(workspace, request_id))


def _feedback_entry(record: DiagnosisRecord) -> FeedbackEntry:
    return FeedbackEntry(
        request_id=record.request_id,
        model=record.model.model,
        version=record.model.version,
        predicted_class=record.predicted_class,
        verdict=record.verdict,
        true_class=record.true_class,
        note=record.note,
        timestamp=None if record.verdict_ms is None else utc(record.verdict_ms),
    )
