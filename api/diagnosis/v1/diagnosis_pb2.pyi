from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Laterality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LATERALITY_UNSPECIFIED: _ClassVar[Laterality]
    LATERALITY_RIGHT: _ClassVar[Laterality]
    LATERALITY_LEFT: _ClassVar[Laterality]

class Modality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODALITY_UNSPECIFIED: _ClassVar[Modality]
    MODALITY_FUNDUS: _ClassVar[Modality]
    MODALITY_OCT: _ClassVar[Modality]
    MODALITY_OTHER: _ClassVar[Modality]
LATERALITY_UNSPECIFIED: Laterality
LATERALITY_RIGHT: Laterality
LATERALITY_LEFT: Laterality
MODALITY_UNSPECIFIED: Modality
MODALITY_FUNDUS: Modality
MODALITY_OCT: Modality
MODALITY_OTHER: Modality

class DiagnosisOptions(_message.Message):
    __slots__ = ("confidence_threshold", "include_segmentation", "include_gradcam", "include_dicom", "jurisdiction", "decode_only")
    CONFIDENCE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_SEGMENTATION_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_GRADCAM_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DICOM_FIELD_NUMBER: _ClassVar[int]
    JURISDICTION_FIELD_NUMBER: _ClassVar[int]
    DECODE_ONLY_FIELD_NUMBER: _ClassVar[int]
    confidence_threshold: float
    include_segmentation: bool
    include_gradcam: bool
    include_dicom: bool
    jurisdiction: str
    decode_only: bool
    def __init__(self, confidence_threshold: _Optional[float] = ..., include_segmentation: _Optional[bool] = ..., include_gradcam: _Optional[bool] = ..., include_dicom: _Optional[bool] = ..., jurisdiction: _Optional[str] = ..., decode_only: _Optional[bool] = ...) -> None: ...

class FileHeader(_message.Message):
    __slots__ = ("name", "laterality")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LATERALITY_FIELD_NUMBER: _ClassVar[int]
    name: str
    laterality: Laterality
    def __init__(self, name: _Optional[str] = ..., laterality: _Optional[_Union[Laterality, str]] = ...) -> None: ...

class DiagnoseRequest(_message.Message):
    __slots__ = ("header", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: DiagnoseHeader
    chunk: FileChunk
    def __init__(self, header: _Optional[_Union[DiagnoseHeader, _Mapping]] = ..., chunk: _Optional[_Union[FileChunk, _Mapping]] = ...) -> None: ...

class DiagnoseHeader(_message.Message):
    __slots__ = ("request_id", "files", "options")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    files: _containers.RepeatedCompositeFieldContainer[FileHeader]
    options: DiagnosisOptions
    def __init__(self, request_id: _Optional[str] = ..., files: _Optional[_Iterable[_Union[FileHeader, _Mapping]]] = ..., options: _Optional[_Union[DiagnosisOptions, _Mapping]] = ...) -> None: ...

class FileChunk(_message.Message):
    __slots__ = ("file", "content")
    FILE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    file: int
    content: bytes
    def __init__(self, file: _Optional[int] = ..., content: _Optional[bytes] = ...) -> None: ...

class DiagnoseResponse(_message.Message):
    __slots__ = ("diagnosis",)
    DIAGNOSIS_FIELD_NUMBER: _ClassVar[int]
    diagnosis: Diagnosis
    def __init__(self, diagnosis: _Optional[_Union[Diagnosis, _Mapping]] = ...) -> None: ...

class DiagnoseImageRequest(_message.Message):
    __slots__ = ("request_id", "file", "content", "options")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    file: FileHeader
    content: bytes
    options: DiagnosisOptions
    def __init__(self, request_id: _Optional[str] = ..., file: _Optional[_Union[FileHeader, _Mapping]] = ..., content: _Optional[bytes] = ..., options: _Optional[_Union[DiagnosisOptions, _Mapping]] = ...) -> None: ...

class DiagnoseImageResponse(_message.Message):
    __slots__ = ("diagnosis",)
    DIAGNOSIS_FIELD_NUMBER: _ClassVar[int]
    diagnosis: Diagnosis
    def __init__(self, diagnosis: _Optional[_Union[Diagnosis, _Mapping]] = ...) -> None: ...

class DiagnoseBatchRequest(_message.Message):
    __slots__ = ("header", "content", "ends_image")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    ENDS_IMAGE_FIELD_NUMBER: _ClassVar[int]
    header: BatchItemHeader
    content: bytes
    ends_image: bool
    def __init__(self, header: _Optional[_Union[BatchItemHeader, _Mapping]] = ..., content: _Optional[bytes] = ..., ends_image: _Optional[bool] = ...) -> None: ...

class BatchItemHeader(_message.Message):
    __slots__ = ("request_id", "file", "options")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    file: FileHeader
    options: DiagnosisOptions
    def __init__(self, request_id: _Optional[str] = ..., file: _Optional[_Union[FileHeader, _Mapping]] = ..., options: _Optional[_Union[DiagnosisOptions, _Mapping]] = ...) -> None: ...

class DiagnoseBatchResponse(_message.Message):
    __slots__ = ("diagnosis",)
    DIAGNOSIS_FIELD_NUMBER: _ClassVar[int]
    diagnosis: Diagnosis
    def __init__(self, diagnosis: _Optional[_Union[Diagnosis, _Mapping]] = ...) -> None: ...

class Diagnosis(_message.Message):
    __slots__ = ("request_id", "status", "result", "images", "eyes", "error", "notes")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    EYES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    status: str
    result: DiagnosisResult
    images: _containers.RepeatedCompositeFieldContainer[ImageDiagnosis]
    eyes: _containers.RepeatedCompositeFieldContainer[EyeDiagnosis]
    error: DiagnosisError
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., status: _Optional[str] = ..., result: _Optional[_Union[DiagnosisResult, _Mapping]] = ..., images: _Optional[_Iterable[_Union[ImageDiagnosis, _Mapping]]] = ..., eyes: _Optional[_Iterable[_Union[EyeDiagnosis, _Mapping]]] = ..., error: _Optional[_Union[DiagnosisError, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class DiagnosisError(_message.Message):
    __slots__ = ("reason", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    message: str
    def __init__(self, reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class ImageDiagnosis(_message.Message):
    __slots__ = ("file", "laterality", "laterality_source", "result", "num_frames", "worst_frame", "notes", "heat_map", "masks", "dicom_objects", "error")
    FILE_FIELD_NUMBER: _ClassVar[int]
    LATERALITY_FIELD_NUMBER: _ClassVar[int]
    LATERALITY_SOURCE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    NUM_FRAMES_FIELD_NUMBER: _ClassVar[int]
    WORST_FRAME_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    HEAT_MAP_FIELD_NUMBER: _ClassVar[int]
    MASKS_FIELD_NUMBER: _ClassVar[int]
    DICOM_OBJECTS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    file: int
    laterality: Laterality
    laterality_source: str
    result: DiagnosisResult
    num_frames: int
    worst_frame: int
    notes: _containers.RepeatedScalarFieldContainer[str]
    heat_map: HeatMap
    masks: _containers.RepeatedCompositeFieldContainer[Mask]
    dicom_objects: _containers.RepeatedCompositeFieldContainer[DicomObject]
    error: DiagnosisError
    def __init__(self, file: _Optional[int] = ..., laterality: _Optional[_Union[Laterality, str]] = ..., laterality_source: _Optional[str] = ..., result: _Optional[_Union[DiagnosisResult, _Mapping]] = ..., num_frames: _Optional[int] = ..., worst_frame: _Optional[int] = ..., notes: _Optional[_Iterable[str]] = ..., heat_map: _Optional[_Union[HeatMap, _Mapping]] = ..., masks: _Optional[_Iterable[_Union[Mask, _Mapping]]] = ..., dicom_objects: _Optional[_Iterable[_Union[DicomObject, _Mapping]]] = ..., error: _Optional[_Union[DiagnosisError, _Mapping]] = ...) -> None: ...

class EyeDiagnosis(_message.Message):
    __slots__ = ("laterality", "files", "result", "notes")
    LATERALITY_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    laterality: Laterality
    files: _containers.RepeatedScalarFieldContainer[int]
    result: DiagnosisResult
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, laterality: _Optional[_Union[Laterality, str]] = ..., files: _Optional[_Iterable[int]] = ..., result: _Optional[_Union[DiagnosisResult, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class DiagnosisResult(_message.Message):
    __slots__ = ("model_used", "processing_time_seconds", "classification", "findings", "risk", "recommendations", "quality", "modality", "out_of_distribution", "prediction_set", "abstained", "reason", "evidence", "model", "guideline", "intended_use", "limitations")
    MODEL_USED_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_TIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CLASSIFICATION_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    RISK_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATIONS_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    OUT_OF_DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    PREDICTION_SET_FIELD_NUMBER: _ClassVar[int]
    ABSTAINED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    GUIDELINE_FIELD_NUMBER: _ClassVar[int]
    INTENDED_USE_FIELD_NUMBER: _ClassVar[int]
    LIMITATIONS_FIELD_NUMBER: _ClassVar[int]
    model_used: str
    processing_time_seconds: float
    classification: Classification
    findings: _containers.RepeatedCompositeFieldContainer[Finding]
    risk: Risk
    recommendations: _containers.RepeatedScalarFieldContainer[str]
    quality: Quality
    modality: ModalityVerdict
    out_of_distribution: OutOfDistribution
    prediction_set: PredictionSet
    abstained: bool
    reason: str
    evidence: _containers.RepeatedCompositeFieldContainer[ConditionEvidence]
    model: ModelVersion
    guideline: Guideline
    intended_use: str
    limitations: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model_used: _Optional[str] = ..., processing_time_seconds: _Optional[float] = ..., classification: _Optional[_Union[Classification, _Mapping]] = ..., findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., risk: _Optional[_Union[Risk, _Mapping]] = ..., recommendations: _Optional[_Iterable[str]] = ..., quality: _Optional[_Union[Quality, _Mapping]] = ..., modality: _Optional[_Union[ModalityVerdict, _Mapping]] = ..., out_of_distribution: _Optional[_Union[OutOfDistribution, _Mapping]] = ..., prediction_set: _Optional[_Union[PredictionSet, _Mapping]] = ..., abstained: _Optional[bool] = ..., reason: _Optional[str] = ..., evidence: _Optional[_Iterable[_Union[ConditionEvidence, _Mapping]]] = ..., model: _Optional[_Union[ModelVersion, _Mapping]] = ..., guideline: _Optional[_Union[Guideline, _Mapping]] = ..., intended_use: _Optional[str] = ..., limitations: _Optional[_Iterable[str]] = ...) -> None: ...

class Classification(_message.Message):
    __slots__ = ("primary_diagnosis", "confidence", "class_probabilities", "is_calibrated")
    PRIMARY_DIAGNOSIS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    CLASS_PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    IS_CALIBRATED_FIELD_NUMBER: _ClassVar[int]
    primary_diagnosis: str
    confidence: float
    class_probabilities: _containers.RepeatedCompositeFieldContainer[ClassProbability]
    is_calibrated: bool
    def __init__(self, primary_diagnosis: _Optional[str] = ..., confidence: _Optional[float] = ..., class_probabilities: _Optional[_Iterable[_Union[ClassProbability, _Mapping]]] = ..., is_calibrated: _Optional[bool] = ...) -> None: ...

class ClassProbability(_message.Message):
    __slots__ = ("class_name", "probability")
    CLASS_NAME_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    class_name: str
    probability: float
    def __init__(self, class_name: _Optional[str] = ..., probability: _Optional[float] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("finding_id", "pathology", "description", "location", "severity", "confidence", "source")
    FINDING_ID_FIELD_NUMBER: _ClassVar[int]
    PATHOLOGY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    finding_id: str
    pathology: str
    description: str
    location: str
    severity: str
    confidence: float
    source: str
    def __init__(self, finding_id: _Optional[str] = ..., pathology: _Optional[str] = ..., description: _Optional[str] = ..., location: _Optional[str] = ..., severity: _Optional[str] = ..., confidence: _Optional[float] = ..., source: _Optional[str] = ...) -> None: ...

class Risk(_message.Message):
    __slots__ = ("risk_score", "risk_level", "risk_category", "urgency_level")
    RISK_SCORE_FIELD_NUMBER: _ClassVar[int]
    RISK_LEVEL_FIELD_NUMBER: _ClassVar[int]
    RISK_CATEGORY_FIELD_NUMBER: _ClassVar[int]
    URGENCY_LEVEL_FIELD_NUMBER: _ClassVar[int]
    risk_score: float
    risk_level: str
    risk_category: str
    urgency_level: str
    def __init__(self, risk_score: _Optional[float] = ..., risk_level: _Optional[str] = ..., risk_category: _Optional[str] = ..., urgency_level: _Optional[str] = ...) -> None: ...

class Quality(_message.Message):
    __slots__ = ("gradable", "reasons", "advice", "score", "method")
    GRADABLE_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    gradable: bool
    reasons: _containers.RepeatedScalarFieldContainer[str]
    advice: str
    score: float
    method: str
    def __init__(self, gradable: _Optional[bool] = ..., reasons: _Optional[_Iterable[str]] = ..., advice: _Optional[str] = ..., score: _Optional[float] = ..., method: _Optional[str] = ...) -> None: ...

class ModalityVerdict(_message.Message):
    __slots__ = ("modality", "confidence", "method")
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    modality: Modality
    confidence: float
    method: str
    def __init__(self, modality: _Optional[_Union[Modality, str]] = ..., confidence: _Optional[float] = ..., method: _Optional[str] = ...) -> None: ...

class OutOfDistribution(_message.Message):
    __slots__ = ("is_outside", "distance", "threshold", "method")
    IS_OUTSIDE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    is_outside: bool
    distance: float
    threshold: float
    method: str
    def __init__(self, is_outside: _Optional[bool] = ..., distance: _Optional[float] = ..., threshold: _Optional[float] = ..., method: _Optional[str] = ...) -> None: ...

class PredictionSet(_message.Message):
    __slots__ = ("classes", "coverage", "method")
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    classes: _containers.RepeatedScalarFieldContainer[str]
    coverage: float
    method: str
    def __init__(self, classes: _Optional[_Iterable[str]] = ..., coverage: _Optional[float] = ..., method: _Optional[str] = ...) -> None: ...

class ConditionEvidence(_message.Message):
    __slots__ = ("condition", "probability", "threshold", "is_positive", "required_sensitivity", "sensitivity", "support", "confidence_interval", "note")
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    IS_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    SUPPORT_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    condition: str
    probability: float
    threshold: float
    is_positive: bool
    required_sensitivity: float
    sensitivity: float
    support: int
    confidence_interval: _containers.RepeatedScalarFieldContainer[float]
    note: str
    def __init__(self, condition: _Optional[str] = ..., probability: _Optional[float] = ..., threshold: _Optional[float] = ..., is_positive: _Optional[bool] = ..., required_sensitivity: _Optional[float] = ..., sensitivity: _Optional[float] = ..., support: _Optional[int] = ..., confidence_interval: _Optional[_Iterable[float]] = ..., note: _Optional[str] = ...) -> None: ...

class ModelVersion(_message.Message):
    __slots__ = ("name", "version", "run_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    run_id: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class Guideline(_message.Message):
    __slots__ = ("condition", "jurisdiction", "edition", "source", "signature", "date")
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    JURISDICTION_FIELD_NUMBER: _ClassVar[int]
    EDITION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    condition: str
    jurisdiction: str
    edition: str
    source: str
    signature: str
    date: str
    def __init__(self, condition: _Optional[str] = ..., jurisdiction: _Optional[str] = ..., edition: _Optional[str] = ..., source: _Optional[str] = ..., signature: _Optional[str] = ..., date: _Optional[str] = ...) -> None: ...

class HeatMap(_message.Message):
    __slots__ = ("absent_reason", "class_name", "method", "map_png", "overlay_png", "peaks", "image_png")
    ABSENT_REASON_FIELD_NUMBER: _ClassVar[int]
    CLASS_NAME_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    MAP_PNG_FIELD_NUMBER: _ClassVar[int]
    OVERLAY_PNG_FIELD_NUMBER: _ClassVar[int]
    PEAKS_FIELD_NUMBER: _ClassVar[int]
    IMAGE_PNG_FIELD_NUMBER: _ClassVar[int]
    absent_reason: str
    class_name: str
    method: str
    map_png: bytes
    overlay_png: bytes
    peaks: _containers.RepeatedCompositeFieldContainer[PeakRegion]
    image_png: bytes
    def __init__(self, absent_reason: _Optional[str] = ..., class_name: _Optional[str] = ..., method: _Optional[str] = ..., map_png: _Optional[bytes] = ..., overlay_png: _Optional[bytes] = ..., peaks: _Optional[_Iterable[_Union[PeakRegion, _Mapping]]] = ..., image_png: _Optional[bytes] = ...) -> None: ...

class PeakRegion(_message.Message):
    __slots__ = ("x", "y", "width", "height", "strength", "location")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    width: float
    height: float
    strength: float
    location: str
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ..., width: _Optional[float] = ..., height: _Optional[float] = ..., strength: _Optional[float] = ..., location: _Optional[str] = ...) -> None: ...

class Mask(_message.Message):
    __slots__ = ("class_name", "png", "area")
    CLASS_NAME_FIELD_NUMBER: _ClassVar[int]
    PNG_FIELD_NUMBER: _ClassVar[int]
    AREA_FIELD_NUMBER: _ClassVar[int]
    class_name: str
    png: bytes
    area: float
    def __init__(self, class_name: _Optional[str] = ..., png: _Optional[bytes] = ..., area: _Optional[float] = ...) -> None: ...

class DicomObject(_message.Message):
    __slots__ = ("kind", "content")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    content: bytes
    def __init__(self, kind: _Optional[str] = ..., content: _Optional[bytes] = ...) -> None: ...

class HealthRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class HealthResponse(_message.Message):
    __slots__ = ("is_healthy", "gpu_status", "gpu_memory_used_mb", "gpu_memory_total_mb", "model_loaded", "uptime_seconds", "message", "model", "engine", "queued")
    IS_HEALTHY_FIELD_NUMBER: _ClassVar[int]
    GPU_STATUS_FIELD_NUMBER: _ClassVar[int]
    GPU_MEMORY_USED_MB_FIELD_NUMBER: _ClassVar[int]
    GPU_MEMORY_TOTAL_MB_FIELD_NUMBER: _ClassVar[int]
    MODEL_LOADED_FIELD_NUMBER: _ClassVar[int]
    UPTIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    is_healthy: bool
    gpu_status: str
    gpu_memory_used_mb: float
    gpu_memory_total_mb: float
    model_loaded: str
    uptime_seconds: float
    message: str
    model: ModelVersion
    engine: str
    queued: int
    def __init__(self, is_healthy: _Optional[bool] = ..., gpu_status: _Optional[str] = ..., gpu_memory_used_mb: _Optional[float] = ..., gpu_memory_total_mb: _Optional[float] = ..., model_loaded: _Optional[str] = ..., uptime_seconds: _Optional[float] = ..., message: _Optional[str] = ..., model: _Optional[_Union[ModelVersion, _Mapping]] = ..., engine: _Optional[str] = ..., queued: _Optional[int] = ...) -> None: ...
