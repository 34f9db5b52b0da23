"""Turns the messages of the diagnosis service into the answers of the routes; does no I/O."""

import base64
import math
from collections.abc import Iterable

from api.diagnosis import schemas
from api.diagnosis.schemas import DiagnosisStatus, Laterality, Modality
from api.diagnosis.v1 import diagnosis_pb2 as v1

MAX_PICTURE_BYTES = 32 * 1024**2
"""The pictures and DICOM objects of one answer; more are left out, which a note says."""

_LATERALITIES = {
    v1.LATERALITY_RIGHT: Laterality.RIGHT,
    v1.LATERALITY_LEFT: Laterality.LEFT,
}
_MODALITIES = {
    v1.MODALITY_FUNDUS: Modality.FUNDUS,
    v1.MODALITY_OCT: Modality.OCT,
    v1.MODALITY_OTHER: Modality.OTHER,
}


class PictureBudget:
    """How many bytes of pictures an answer may still have."""

    def __init__(self, num_bytes: int = MAX_PICTURE_BYTES) -> None:
        self._num_left = num_bytes
        self.num_left_out = 0

    def base64(self, content: bytes) -> str | None:
        """None for a picture that is absent or left out."""
        if not content:
            return None
        if len(content) > self._num_left:
            self.num_left_out += 1
            return None
        self._num_left -= len(content)
        return base64.b64encode(content).decode()


def diagnosis_data(diagnosis: v1.Diagnosis, budget: PictureBudget) -> schemas.DiagnosisData:
    return schemas.DiagnosisData(
        **dict(_result(diagnosis.result)),
        request_id=diagnosis.request_id,
        status=_status(diagnosis),
        images=[_image(each, budget) for each in diagnosis.images],
        eyes=[_eye(each) for each in diagnosis.eyes],
        notes=list(diagnosis.notes),
        error=_problem(diagnosis),
    )


def _status(diagnosis: v1.Diagnosis) -> DiagnosisStatus:
    """The status of the message, or what follows from it where a service says another word."""
    if diagnosis.status in list(DiagnosisStatus):
        return DiagnosisStatus(diagnosis.status)
    if diagnosis.HasField("error"):
        return DiagnosisStatus.ERROR
    return DiagnosisStatus.ABSTAINED if diagnosis.result.abstained else DiagnosisStatus.SUCCESS


def upload_data(diagnosis: v1.Diagnosis) -> schemas.UploadData:
    checked = [
        schemas.CheckedImage(
            file=each.file,
            laterality=_LATERALITIES.get(each.laterality, Laterality.UNKNOWN),
            laterality_source=each.laterality_source,
            num_frames=each.num_frames,
            quality=_quality(each.result),
            modality=_modality(each.result),
            notes=list(each.notes),
            error=_problem(each),
        )
        for each in diagnosis.images
    ]
    return schemas.UploadData(request_id=diagnosis.request_id, images=checked)


def service_health(answer: v1.HealthResponse) -> schemas.ServiceHealth:
    return schemas.ServiceHealth(
        status="healthy" if answer.is_healthy else "unhealthy",
        message=answer.message,
        gpu=answer.gpu_status,
        gpu_memory_used=answer.gpu_memory_used_mb,
        gpu_memory_total=answer.gpu_memory_total_mb,
        model=answer.model_loaded,
        uptime=answer.uptime_seconds,
        model_version=_model(answer),
        engine=answer.engine,
        queued=answer.queued,
    )


def _image(image: v1.ImageDiagnosis, budget: PictureBudget) -> schemas.ImageEntry:
    num_left_out = budget.num_left_out
    heat_map = _heat_map(image.heat_map, budget) if image.HasField("heat_map") else None
    masks = [
        schemas.MaskEntry(class_name=it.class_name, png=budget.base64(it.png), area=it.area)
        for it in image.masks
    ]
    dicom_objects = [
        schemas.DicomObjectEntry(kind=it.kind, content=budget.base64(it.content))
        for it in image.dicom_objects
    ]
    return schemas.ImageEntry(
        file=image.file,
        laterality=_LATERALITIES.get(image.laterality, Laterality.UNKNOWN),
        laterality_source=image.laterality_source,
        num_frames=image.num_frames,
        worst_frame=image.worst_frame,
        notes=[*image.notes, *_left_out(budget.num_left_out - num_left_out)],
        result=_result(image.result) if image.HasField("result") else None,
        heat_map=heat_map,
        masks=masks,
        dicom_objects=dicom_objects,
        error=_problem(image),
    )


def _left_out(num_pictures: int) -> Iterable[str]:
    if num_pictures:
        yield (
            f"{num_pictures} pictures are left out, since an answer has at most "
            f"{MAX_PICTURE_BYTES // 1024**2} MiB of them: send fewer images at once"
        )


def _eye(eye: v1.EyeDiagnosis) -> schemas.EyeEntry:
    return schemas.EyeEntry(
        laterality=_LATERALITIES.get(eye.laterality, Laterality.UNKNOWN),
        files=list(eye.files),
        result=_result(eye.result),
        notes=list(eye.notes),
    )


def _result(result: v1.DiagnosisResult) -> schemas.DiagnosisResult:
    return schemas.DiagnosisResult(
        model_used=result.model_used,
        processing_time=result.processing_time_seconds,
        classification=schemas.ClassificationEntry(
            primary_diagnosis=result.classification.primary_diagnosis,
            confidence=result.classification.confidence,
            probabilities={
                it.class_name: it.probability for it in result.classification.class_probabilities
            },
            is_calibrated=result.classification.is_calibrated,
        ),
        findings=[_finding(each) for each in result.findings],
        risk=schemas.RiskEntry(
            score=result.risk.risk_score,
            level=result.risk.risk_level,
            category=result.risk.risk_category,
            urgency=result.risk.urgency_level,
        ),
        recommendations=list(result.recommendations),
        quality=_quality(result),
        modality=_modality(result),
        out_of_distribution=_out_of_distribution(result),
        prediction_set=_prediction_set(result),
        abstained=result.abstained,
        reason=result.reason,
        evidence=[_evidence(each) for each in result.evidence],
        model=_model(result),
        guideline=_guideline(result),
        intended_use=result.intended_use,
        limitations=list(result.limitations),
    )


def _finding(finding: v1.Finding) -> schemas.FindingEntry:
    return schemas.FindingEntry(
        finding_id=finding.finding_id,
        pathology=finding.pathology,
        description=finding.description,
        location=finding.location,
        severity=finding.severity,
        confidence=finding.confidence,
        source=finding.source,
    )


def _quality(result: v1.DiagnosisResult) -> schemas.QualityEntry | None:
    if not result.HasField("quality"):
        return None
    quality = result.quality
    return schemas.QualityEntry(
        gradable=quality.gradable,
        reasons=list(quality.reasons),
        advice=quality.advice,
        score=quality.score,
        method=quality.method,
    )


def _modality(result: v1.DiagnosisResult) -> schemas.ModalityEntry | None:
    if not result.HasField("modality"):
        return None
    verdict = result.modality
    return schemas.ModalityEntry(
        modality=_MODALITIES.get(verdict.modality, Modality.UNKNOWN),
        confidence=verdict.confidence,
        method=verdict.method,
    )


def _out_of_distribution(result: v1.DiagnosisResult) -> schemas.OutOfDistributionEntry | None:
    verdict = result.out_of_distribution
    if not verdict.method:
        return None
    return schemas.OutOfDistributionEntry(
        is_outside=verdict.is_outside,
        distance=_finite(verdict.distance),
        threshold=_finite(verdict.threshold),
        method=verdict.method,
    )


def _prediction_set(result: v1.DiagnosisResult) -> schemas.PredictionSetEntry | None:
    found = result.prediction_set
    if not found.coverage:
        return None
    return schemas.PredictionSetEntry(
        classes=list(found.classes), coverage=found.coverage, method=found.method
    )


def _evidence(evidence: v1.ConditionEvidence) -> schemas.EvidenceEntry:
    return schemas.EvidenceEntry(
        condition=evidence.condition,
        probability=evidence.probability,
        threshold=evidence.threshold if evidence.HasField("threshold") else None,
        is_positive=evidence.is_positive,
        required_sensitivity=evidence.required_sensitivity,
        sensitivity=evidence.sensitivity if evidence.HasField("sensitivity") else None,
        support=evidence.support,
        confidence_interval=_interval(evidence.confidence_interval),
        note=evidence.note,
    )


def _interval(bounds: Iterable[float]) -> tuple[float, float] | None:
    low_and_high = tuple(bounds)
    return (low_and_high[0], low_and_high[1]) if len(low_and_high) == 2 else None


def _model(holder: v1.DiagnosisResult | v1.HealthResponse) -> schemas.ModelEntry | None:
    if not holder.HasField("model"):
        return None
    model = holder.model
    return schemas.ModelEntry(name=model.name, version=model.version, run_id=model.run_id)


def _guideline(result: v1.DiagnosisResult) -> schemas.GuidelineEntry | None:
    if not result.HasField("guideline"):
        return None
    guideline = result.guideline
    return schemas.GuidelineEntry(
        condition=guideline.condition,
        jurisdiction=guideline.jurisdiction,
        edition=guideline.edition,
        date=guideline.date,
        source=guideline.source,
        signature=guideline.signature,
    )


def _heat_map(heat_map: v1.HeatMap, budget: PictureBudget) -> schemas.HeatMapEntry:
    peaks = [
        schemas.PeakEntry(
            x=it.x,
            y=it.y,
            width=it.width,
            height=it.height,
            strength=it.strength,
            location=it.location,
        )
        for it in heat_map.peaks
    ]
    return schemas.HeatMapEntry(
        absent_reason=heat_map.absent_reason,
        class_name=heat_map.class_name,
        method=heat_map.method,
        # The overlay first: it says the most where there is no room for all.
        overlay_png=budget.base64(heat_map.overlay_png),
        image_png=budget.base64(heat_map.image_png),
        map_png=budget.base64(heat_map.map_png),
        peaks=peaks,
    )


def _problem(holder: v1.Diagnosis | v1.ImageDiagnosis) -> schemas.ProblemEntry | None:
    if not holder.HasField("error"):
        return None
    return schemas.ProblemEntry(reason=holder.error.reason, message=holder.error.message)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
