"""Diagnoses uploaded images through the diagnosis service, and keeps what feedback needs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from uuid import uuid4

from api.diagnosis.answers import PictureBudget, diagnosis_data, service_health, upload_data
from api.diagnosis.feedback import FeedbackService
from api.diagnosis.file_names import harmless_name
from api.diagnosis.recording import DiagnosisRecorder
from api.diagnosis.schemas import (
    DiagnosisData,
    DiagnosisStatus,
    Laterality,
    ServiceHealth,
    UploadData,
)
from api.diagnosis.service_client import SentFile, ServiceClient
from api.diagnosis.store import DiagnosisStore
from api.diagnosis.v1 import diagnosis_pb2 as v1
from api.errors import ApiError
from api.inference.channel import open_channel
from api.inference.files import ReadableFile
from api.inference.refusals import refusal_of_problem
from api.runs.trace_writer import TraceWriter
from api.runs.writer import RunWriter
from api.settings import Settings
from api.storage.database import Database
from api.timestamps import unix_ms

_LATERALITIES = {
    Laterality.RIGHT: v1.LATERALITY_RIGHT,
    Laterality.LEFT: v1.LATERALITY_LEFT,
    Laterality.UNKNOWN: v1.LATERALITY_UNSPECIFIED,
}


@dataclass(frozen=True, kw_only=True)
class UploadedImage:
    """A file of a request; `name` may be that of a patient, and goes nowhere."""

    name: str
    laterality: Laterality
    content: ReadableFile

    def to_send(self) -> SentFile:
        header = v1.FileHeader(
            name=harmless_name(self.name), laterality=_LATERALITIES[self.laterality]
        )
        return SentFile(header=header, content=self.content)


@dataclass(frozen=True, kw_only=True)
class DiagnosisOptions:
    """The options of a request; the service chooses the threshold if `confidence_threshold` is None."""

    confidence_threshold: float | None = None
    include_segmentation: bool = False
    include_gradcam: bool = False
    include_dicom: bool = False
    jurisdiction: str = ""

    def to_send(self, *, decode_only: bool = False) -> v1.DiagnosisOptions:
        return v1.DiagnosisOptions(
            confidence_threshold=self.confidence_threshold,
            include_segmentation=self.include_segmentation,
            include_gradcam=self.include_gradcam,
            include_dicom=self.include_dicom,
            jurisdiction=self.jurisdiction,
            decode_only=decode_only,
        )


class DiagnosisService:
    def __init__(
        self,
        client: ServiceClient,
        recorder: DiagnosisRecorder,
        feedback: FeedbackService,
    ) -> None:
        self._client = client
        self._recorder = recorder
        self.feedback = feedback

    async def health(self) -> ServiceHealth:
        """The state of the service, also while it is down."""
        try:
            return service_health(await self._client.health())
        except ApiError as error:
            return ServiceHealth(status="error", message=str(error))

    async def check(self, images: Sequence[UploadedImage]) -> UploadData:
        """Whether the images can be decoded, without a diagnosis."""
        options = DiagnosisOptions().to_send(decode_only=True)
        found = await self._client.diagnose(_new_id(), options, [it.to_send() for it in images])
        _require_success(found)
        return upload_data(found)

    async def diagnose(
        self, images: Sequence[UploadedImage], options: DiagnosisOptions, workspace: str | None
    ) -> DiagnosisData:
        """One diagnosis from all images, which are of one patient."""
        files = [image.to_send() for image in images]
        began_ms = unix_ms()
        found = await self._client.diagnose(_new_id(), options.to_send(), files)
        _require_success(found)
        data = diagnosis_data(found, PictureBudget())
        await self._recorder.record(data, asdict(options), workspace, began_ms=began_ms)
        return data

    async def diagnose_batch(
        self, images: Sequence[UploadedImage], options: DiagnosisOptions, workspace: str | None
    ) -> list[DiagnosisData]:
        """A diagnosis of each image; one that cannot be diagnosed has an `error`."""
        files = [(_new_id(), image.to_send()) for image in images]
        budget = PictureBudget()
        by_id: dict[str, DiagnosisData] = {}
        began_ms = unix_ms()
        async for found in self._client.diagnose_batch(options.to_send(), files):
            by_id[found.request_id] = diagnosis_data(found, budget)
        in_order = [by_id.get(it) or diagnosis_data(_unanswered(it), budget) for it, _ in files]
        for data in in_order:
            await self._recorder.record(data, asdict(options), workspace, began_ms=began_ms)
        return in_order


def _new_id() -> str:
    return uuid4().hex


def _unanswered(request_id: str) -> v1.Diagnosis:
    message = "The diagnosis service has not answered about this image: its log has the reason"
    problem = v1.DiagnosisError(reason="NO_ANSWER", message=message)
    return v1.Diagnosis(request_id=request_id, status=DiagnosisStatus.ERROR, error=problem)


def _require_success(diagnosis: v1.Diagnosis) -> None:
    if diagnosis.HasField("error"):
        raise refusal_of_problem(diagnosis.error.reason, diagnosis.error.message)


@asynccontextmanager
async def diagnosis_running(
    settings: Settings, database: Database, writer: RunWriter
) -> AsyncIterator[DiagnosisService]:
    """While inside, requests reach the diagnosis service, if it is there."""
    store = DiagnosisStore(database)
    async with open_channel(settings) as channel:
        client = ServiceClient(
            channel,
            settings.grpc_address,
            token=settings.serving_token,
            timeout_s=settings.diagnosis_timeout_s,
        )
        recorder = DiagnosisRecorder(store, TraceWriter() if settings.diagnosis_traces else None)
        yield DiagnosisService(client, recorder, FeedbackService(store, writer))
