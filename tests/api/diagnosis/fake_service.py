"""A real gRPC server in place of the diagnosis service: it records what it gets, and gives canned answers."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from api.diagnosis.v1 import diagnosis_pb2 as v1
from tests.ports import LOOPBACK

SERVICE = "serving.v1.DiagnosisService"
CLASSES = ("Normal", "RAO", "RVO")


@dataclass(frozen=True, kw_only=True)
class Received:
    """One diagnosis that was asked for."""

    request_id: str
    files: Sequence[v1.FileHeader]
    contents: Sequence[bytes]
    options: v1.DiagnosisOptions
    metadata: dict[str, str | bytes]


Answer = Callable[[Received], v1.Diagnosis]


class RefusalError(Exception):
    """A status that the service answers, with the reason of its ErrorInfo."""

    def __init__(self, code: grpc.StatusCode, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.reason = code, message, reason


@dataclass
class FakeService:
    """`answer` may be replaced, and may raise a RefusalError or block on `held`."""

    port: int = 0
    answer: Answer = field(default_factory=lambda: diagnosed)
    health: Callable[[], v1.HealthResponse] = field(default_factory=lambda: healthy)
    token: str = ""
    received: list[Received] = field(default_factory=list)
    cancelled: queue.Queue[str] = field(default_factory=queue.Queue)
    begun: queue.Queue[str] = field(default_factory=queue.Queue)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def hold(self, received: Received) -> v1.Diagnosis:
        """An `answer` that comes once it is `released`."""
        self.begun.put(received.request_id)
        assert self.released.wait(60)
        return diagnosed(received)


def diagnosed(received: Received) -> v1.Diagnosis:
    return diagnosis(received.request_id, received.files)


def healthy() -> v1.HealthResponse:
    return v1.HealthResponse(
        is_healthy=True,
        gpu_status="no GPU",
        gpu_memory_used_mb=1.5,
        gpu_memory_total_mb=2.5,
        model_loaded="retina version 3",
        uptime_seconds=12.5,
        model=v1.ModelVersion(name="retina", version="3", run_id="a" * 32),
        engine="embedded",
    )


def result(predicted: str = "RAO", **changes: object) -> v1.DiagnosisResult:
    probabilities = {name: 0.8 if name == predicted else 0.1 for name in CLASSES}
    message = v1.DiagnosisResult(
        model_used="retina version 3",
        processing_time_seconds=0.25,
        classification=v1.Classification(
            primary_diagnosis=predicted,
            confidence=0.8,
            class_probabilities=[
                v1.ClassProbability(class_name=name, probability=share)
                for name, share in probabilities.items()
            ],
            is_calibrated=True,
        ),
        findings=[
            v1.Finding(
                finding_id="image-0-region-1",
                pathology="RAO",
                description="The model's evidence for RAO is strongest here",
                location="superior temporal quadrant",
                confidence=0.8,
                source="heat_map",
            )
        ],
        risk=v1.Risk(
            risk_score=0.9, risk_level="critical", risk_category="RAO", urgency_level="within 24 h"
        ),
        recommendations=["Refer as an emergency"],
        quality=v1.Quality(gradable=True, score=0.9, method="classical_measures"),
        modality=v1.ModalityVerdict(
            modality=v1.MODALITY_FUNDUS, confidence=0.99, method="classical_measures"
        ),
        out_of_distribution=v1.OutOfDistribution(distance=20, threshold=60, method="mahalanobis"),
        prediction_set=v1.PredictionSet(
            classes=["RAO", "RVO"], coverage=0.9, method="class_conditional"
        ),
        evidence=[
            v1.ConditionEvidence(
                condition="RAO",
                probability=0.8,
                is_positive=True,
                required_sensitivity=0.99,
                sensitivity=0.92,
                support=13,
                confidence_interval=[0.67, 0.99],
                note="cannot be shown: 13 positives",
            ),
            v1.ConditionEvidence(
                condition="RVO",
                probability=0.1,
                threshold=0.2,
                required_sensitivity=0.95,
                sensitivity=0.97,
                support=240,
                confidence_interval=[0.94, 0.99],
            ),
        ],
        model=v1.ModelVersion(name="retina", version="3", run_id="a" * 32),
        guideline=v1.Guideline(
            condition="retinal artery occlusion",
            jurisdiction="UK",
            edition="C205",
            date="2021",
            source="College of Optometrists",
            signature="No clinician has signed these rules",
        ),
        intended_use="Research; not a medical device",
        limitations=["RAO was shown on 13 images only"],
    )
    message.MergeFrom(v1.DiagnosisResult(**changes))
    return message


def diagnosis(
    request_id: str, files: Sequence[v1.FileHeader], predicted: str = "RAO"
) -> v1.Diagnosis:
    found = result(predicted)
    return v1.Diagnosis(
        request_id=request_id,
        status="success",
        result=found,
        images=[
            v1.ImageDiagnosis(
                file=position,
                laterality=file.laterality,
                laterality_source="request" if file.laterality else "unknown",
                result=found,
                num_frames=1,
            )
            for position, file in enumerate(files)
        ],
        eyes=[v1.EyeDiagnosis(laterality=file.laterality, result=found) for file in files[:1]],
    )


class _Servicer:
    def __init__(self, service: FakeService) -> None:
        self._service = service

    def diagnose(
        self, requests: Iterator[v1.DiagnoseRequest], context: grpc.ServicerContext
    ) -> v1.DiagnoseResponse:
        self._require_token(context)
        header = next(requests).header
        contents = [bytearray() for _ in header.files]
        for request in requests:
            contents[request.chunk.file].extend(request.chunk.content)
        received = Received(
            request_id=header.request_id,
            files=list(header.files),
            contents=[bytes(content) for content in contents],
            options=header.options,
            metadata=dict(context.invocation_metadata()),
        )
        return v1.DiagnoseResponse(diagnosis=self._answer(received, context))

    def diagnose_batch(
        self, requests: Iterator[v1.DiagnoseBatchRequest], context: grpc.ServicerContext
    ) -> Iterator[v1.DiagnoseBatchResponse]:
        self._require_token(context)
        items: list[tuple[v1.BatchItemHeader, bytearray]] = []
        for request in requests:
            if request.WhichOneof("part") == "header":
                items.append((request.header, bytearray()))
            else:
                items[-1][1].extend(request.content)
        # In another order than that of the request.
        for header, content in reversed(items):
            received = Received(
                request_id=header.request_id,
                files=[header.file],
                contents=[bytes(content)],
                options=header.options,
                metadata=dict(context.invocation_metadata()),
            )
            yield v1.DiagnoseBatchResponse(diagnosis=self._answer(received, context))

    def health(self, _: v1.HealthRequest, context: grpc.ServicerContext) -> v1.HealthResponse:
        self._require_token(context)
        return self._service.health()

    def _answer(self, received: Received, context: grpc.ServicerContext) -> v1.Diagnosis:
        self._service.received.append(received)
        context.add_callback(lambda: self._note_end(received, is_answered))
        is_answered: list[bool] = []
        try:
            answer = self._service.answer(received)
        except RefusalError as refusal:
            is_answered.append(True)
            abort(context, refusal)
        is_answered.append(True)
        return answer

    def _note_end(self, received: Received, is_answered: list[bool]) -> None:
        if not is_answered:
            self._service.cancelled.put(received.request_id)

    def _require_token(self, context: grpc.ServicerContext) -> None:
        sent = dict(context.invocation_metadata()).get("authorization")
        if self._service.token and sent != f"Bearer {self._service.token}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "wrong token")


def abort(context: grpc.ServicerContext, refusal: RefusalError) -> None:
    """End the call as the service does, with google.rpc.ErrorInfo beside the status."""
    if refusal.reason:
        info = AnyMessage()
        info.Pack(ErrorInfo(reason=refusal.reason, domain="fovea"))
        status = Status(code=refusal.code.value[0], message=refusal.message, details=[info])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(refusal.code, refusal.message)


@contextmanager
def fake_service(
    *, port: int = 0, token: str = "", credentials: grpc.ServerCredentials | None = None
) -> Iterator[FakeService]:
    """The service while inside, by default on a free port; over TLS with `credentials`."""
    service = FakeService(token=token)
    servicer = _Servicer(service)
    with ThreadPoolExecutor(16) as threads:
        server = grpc.server(threads)
        handlers = {
            "Diagnose": grpc.stream_unary_rpc_method_handler(
                servicer.diagnose,
                v1.DiagnoseRequest.FromString,
                v1.DiagnoseResponse.SerializeToString,
            ),
            "DiagnoseBatch": grpc.stream_stream_rpc_method_handler(
                servicer.diagnose_batch,
                v1.DiagnoseBatchRequest.FromString,
                v1.DiagnoseBatchResponse.SerializeToString,
            ),
            "Health": grpc.unary_unary_rpc_method_handler(
                servicer.health, v1.HealthRequest.FromString, v1.HealthResponse.SerializeToString
            ),
        }
        generic = grpc.method_handlers_generic_handler(SERVICE, handlers)
        server.add_generic_rpc_handlers((generic,))
        address = f"{LOOPBACK}:{port}"
        service.port = (
            server.add_insecure_port(address)
            if credentials is None
            else server.add_secure_port(address, credentials)
        )
        server.start()
        try:
            yield service
        finally:
            service.released.set()
            server.stop(grace=None).wait()
