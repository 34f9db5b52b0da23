"""The answers of the diagnosis routes. A field that is null or empty is unknown of this model or image."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.diagnosis.records import LONGEST_NOTE, Verdict

Base64 = Annotated[str, Field(description="bytes in base64")]


class Laterality(StrEnum):
    RIGHT = "right"
    LEFT = "left"
    UNKNOWN = "unknown"


class Modality(StrEnum):
    """The kind of an image; `other` is neither of the retina nor an OCT scan."""

    FUNDUS = "fundus"
    OCT = "oct"
    OTHER = "other"
    UNKNOWN = "unknown"


class DiagnosisStatus(StrEnum):
    SUCCESS = "success"
    ABSTAINED = "abstained"
    ERROR = "error"


class ClassificationEntry(BaseModel):
    primary_diagnosis: str = Field(description="empty if there is none")
    confidence: float = Field(description="probability of the primary diagnosis")
    probabilities: dict[str, float]
    is_calibrated: bool


class FindingEntry(BaseModel):
    finding_id: str
    pathology: str
    description: str
    location: str
    severity: str
    confidence: float
    source: str = Field(description="class, heat_map or segmentation")


class RiskEntry(BaseModel):
    score: float
    level: str = Field(description="low, moderate, high, critical or unknown")
    category: str = Field(description="the condition that the risk is about")
    urgency: str = Field(description="in the words of the guideline, or `no rule`")


class QualityEntry(BaseModel):
    gradable: bool
    reasons: list[str]
    advice: str
    score: float
    method: str = Field(description="model or classical_measures")


class ModalityEntry(BaseModel):
    modality: Modality
    confidence: float
    method: str


class OutOfDistributionEntry(BaseModel):
    is_outside: bool
    distance: float | None = None
    threshold: float | None = None
    method: str


class PredictionSetEntry(BaseModel):
    classes: list[str]
    coverage: float
    method: str


class EvidenceEntry(BaseModel):
    """The probability of one condition, with the model's performance on its validation split."""

    condition: str
    probability: float
    threshold: float | None = Field(
        None, description="null if the required sensitivity cannot be shown"
    )
    is_positive: bool
    required_sensitivity: float
    sensitivity: float | None = None
    support: int
    confidence_interval: tuple[float, float] | None = None
    note: str


class ModelEntry(BaseModel):
    name: str
    version: str
    run_id: str


class GuidelineEntry(BaseModel):
    condition: str
    jurisdiction: str
    edition: str
    date: str = Field(description="of the edition, such as 2018-01; may be unknown")
    source: str
    signature: str = Field(description="whether a clinician has signed the rules")


class DiagnosisResult(BaseModel):
    """The result for an image, an eye or the patient."""

    model_used: str
    processing_time: float = Field(description="seconds")
    classification: ClassificationEntry
    findings: list[FindingEntry]
    risk: RiskEntry
    recommendations: list[str]
    quality: QualityEntry | None = None
    modality: ModalityEntry | None = None
    out_of_distribution: OutOfDistributionEntry | None = None
    prediction_set: PredictionSetEntry | None = None
    abstained: bool
    reason: str = Field(description="why there is no diagnosis; empty unless `abstained`")
    evidence: list[EvidenceEntry]
    model: ModelEntry | None = None
    guideline: GuidelineEntry | None = None
    intended_use: str
    limitations: list[str]


class ProblemEntry(BaseModel):
    reason: str = Field(description="a constant such as IMAGE_UNREADABLE")
    message: str


class PeakEntry(BaseModel):
    """A region of the heat map around a maximum; coordinates are fractions of width and height."""

    x: float
    y: float
    width: float
    height: float
    strength: float
    location: str


class HeatMapEntry(BaseModel):
    absent_reason: str = Field(description="why there is no map; empty if there is one")
    class_name: str
    method: str
    map_png: Base64 | None = Field(None, description="the map in grey")
    overlay_png: Base64 | None = Field(None, description="the map over the image")
    image_png: Base64 | None = Field(None, description="the image without the map")
    peaks: list[PeakEntry]


class MaskEntry(BaseModel):
    class_name: str
    png: Base64 | None = None
    area: float = Field(description="share of the image's area")


class DicomObjectEntry(BaseModel):
    kind: str = Field(description="segmentation or secondary_capture")
    content: Base64 | None = None


class ImageEntry(BaseModel):
    """One image of the request; `file` is its position there."""

    file: int
    laterality: Laterality
    laterality_source: str = Field(description="request, tag, file_name or unknown")
    num_frames: int
    worst_frame: int
    notes: list[str]
    result: DiagnosisResult | None = None
    heat_map: HeatMapEntry | None = None
    masks: list[MaskEntry] = []
    dicom_objects: list[DicomObjectEntry] = []
    error: ProblemEntry | None = None


class EyeEntry(BaseModel):
    laterality: Laterality
    files: list[int]
    result: DiagnosisResult
    notes: list[str] = Field(description="such as that the images of the eye disagree")


class DiagnosisData(DiagnosisResult):
    """The diagnosis of one request: the result of the patient, and of each eye and image."""

    request_id: str
    status: DiagnosisStatus
    images: list[ImageEntry]
    eyes: list[EyeEntry]
    notes: list[str] = Field(description="what the result of the patient leaves out")
    error: ProblemEntry | None = None


class DiagnosisAnswer(BaseModel):
    status: Literal["success"] = "success"
    data: DiagnosisData


class BatchAnswer(BaseModel):
    """The diagnoses in the order of the files, each of which is a request of its own."""

    status: Literal["success"] = "success"
    count: int
    data: list[DiagnosisData]


class CheckedImage(BaseModel):
    """The result of decoding one image, without a diagnosis."""

    file: int
    laterality: Laterality
    laterality_source: str
    num_frames: int
    quality: QualityEntry | None = None
    modality: ModalityEntry | None = None
    notes: list[str]
    error: ProblemEntry | None = None


class UploadData(BaseModel):
    request_id: str
    images: list[CheckedImage]


class UploadAnswer(BaseModel):
    status: Literal["success"] = "success"
    data: UploadData


class ServiceHealth(BaseModel):
    """The state of the diagnosis service; `error` if it does not answer."""

    status: Literal["healthy", "unhealthy", "error"]
    message: str = Field(description="what to do if the service is not healthy")
    gpu: str | None = None
    gpu_memory_used: float | None = Field(None, description="MB")
    gpu_memory_total: float | None = Field(None, description="MB")
    model: str | None = None
    uptime: float | None = Field(None, description="seconds")
    model_version: ModelEntry | None = None
    engine: str | None = None
    queued: int | None = None


class FeedbackRequest(BaseModel):
    """The verdict of a clinician on a diagnosis."""

    verdict: Verdict
    class_name: str | None = Field(
        None, max_length=250, description="the true class, with `overrule`; one of the model's"
    )
    note: str = Field("", max_length=LONGEST_NOTE)


class FeedbackEntry(BaseModel):
    """The newest feedback on a diagnosis; `verdict` is null while there is none."""

    request_id: str
    model: str
    version: str
    predicted_class: str = Field(description="empty if the model abstained")
    verdict: Verdict | None = None
    true_class: str | None = None
    note: str
    timestamp: datetime | None = None
